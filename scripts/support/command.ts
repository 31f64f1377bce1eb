/** What all commands have alike: what was typed is read, or refused with a word of advice; the end is an exit code. */
import { fail } from '../../server/src/exit.ts';
import { exitCodes } from '../../server/src/platform/startup-refusal.ts';

/** Beside those of a service that cannot start (`exitCodes`). Named as in sysexits.h where it has a fitting name. */
export const commandCodes = {
  /** What was looked at is not as it should be. */
  broken: 1,
  usage: 64,
  badData: 65,
  interrupted: 130,
} as const;

export interface Wrong {
  readonly wrong: string;
}

export type Read<Given> = Given | 'help' | Wrong;

interface Command<Given> {
  readonly help: string;
  /** Said after what is wrong; unless given, the help. */
  readonly advice?: string;
  readonly read: (args: readonly string[]) => Read<Given>;
  /** Resolves to the exit code. */
  readonly run: (given: Given) => Promise<number>;
}

export async function runCommand<Given>({ help, advice = help, read, run }: Command<Given>): Promise<void> {
  try {
    const given = read(process.argv.slice(2));
    if (given === 'help') {
      process.stdout.write(help);
    } else if (isWrong(given)) {
      process.stderr.write(`${given.wrong}\n\n${advice}`);
      process.exitCode = commandCodes.usage;
    } else {
      process.exitCode = await run(given);
    }
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
