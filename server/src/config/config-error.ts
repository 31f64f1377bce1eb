import { exitCodes, StartupRefusal } from '../platform/startup-refusal.ts';

/** The settings cannot be used. Carries every problem, so that nobody has to start five times to find five. */
export class ConfigError extends StartupRefusal {
  override name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'One setting' : `${problems.length} settings`;
    super([`${count} cannot be used:`, ...problems.map((problem) => `  ${problem}`)].join('\n'), {
      exitCode: exitCodes.configuration,
      advice: 'Correct the environment; docs/configuration.md describes every setting.',
    });
    this.problems = problems;
  }
}
