/** What all commands have alike: what was typed is read, or refused with a word of advice; the end is an exit code. */
import { fail } from '../../server/src/exit.ts';
import { exitCodes } from '../../server/src/platform/startup-refusal.ts';

/** Beside those of a service that cannot start (`exitCodes`). Named as in sysexits.h where it has a fitting name. */
export const commandCodes = {
  /** What was looked at is not as it should be. */
  broken: 1,
  /** Nothing is found to be wrong, and not everything could be looked at. */
  undecided: 2,
  usage: 64,
  badData: 65,
  interrupted: 130,
} as const;

export interface Wrong {
  readonly wrong: string;
}

export type Read<Given> = Given | 'help' | Wrong;

/** Where a command says what it has to say. */
export interface Says {
  out(text: string): void;
  err(text: string): void;
}

export interface Command<Given> {
  readonly help: string;
  /** Said after what is wrong; unless given, the help. */
  readonly advice?: string;
  readonly read: (args: readonly string[]) => Read<Given>;
  /** Resolves to the exit code. */
  readonly run: (given: Given, says: Says) => Promise<number>;
}

/** What the command does with these words, without a process of its own: the exit code. */
export async function carryOut<Given>(
  { help, advice = help, read, run }: Command<Given>,
  args: readonly string[],
  says: Says,
): Promise<number> {
  const given = read(args);
  if (given === 'help') {
    says.out(help);
    return 0;
  }
  if (!isWrong(given)) return run(given, says);
  says.err(`${given.wrong}\n\n${advice}`);
  return commandCodes.usage;
}

export async function runCommand<Given>(command: Command<Given>): Promise<void> {
  const says: Says = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  };
  try {
    process.exitCode = await carryOut(command, process.argv.slice(2), says);
  } catch (error) {
    fail(error);
    // A bug of ours is none of what a command looks at.
    if (process.exitCode === commandCodes.broken) process.exitCode = exitCodes.software;
  }
}

/** What a parser of arguments throws is what is wrong with them. */
export function reading<Given>(parse: () => Read<Given>): Read<Given> {
  try {
    return parse();
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

function isWrong(given: unknown): given is Wrong {
  return typeof given === 'object' && given !== null && 'wrong' in given;
}
