/** What `npm run check-history` does, without the process around it. */
import { parseArgs } from 'node:util';
import { checkHistory, type Verdict } from '../../rehearsal/history/check-history.ts';
import { BadHistory, loadHistory } from '../../rehearsal/history/history-file.ts';
import { countUndecided, describeVerdict } from '../../rehearsal/history/describe-verdict.ts';
import type { History } from '../../rehearsal/history/operation.ts';
import { type Command, commandCodes, type Read, reading, type Says } from '../support/command.ts';

const HELP = `npm run check-history -- FILE

Judges what people asked of the service and were told, as a rehearsal recorded it: whether a seat had one owner at a
time, the line was in order, no money was lost, and what was answered stayed true. Prints what each check looked at and
every contradiction with the operations that it is made of.
Exit code: 0 without a contradiction, ${commandCodes.broken} with one, ${commandCodes.undecided} without one when not everything could be
decided, ${commandCodes.badData} when the file is no history.
`;

interface Arguments {
  readonly file: string;
}

export const checkHistoryFile: Command<Arguments> = {
  help: HELP,
  read: readArguments,
  run: async ({ file }, says) => {
    const history = await load(file, says);
    if (history === undefined) return commandCodes.badData;
    const verdict: Verdict = checkHistory(history);
    says.out(describeVerdict(verdict));
    if (verdict.contradictions.length > 0) return commandCodes.broken;
    return countUndecided(verdict.judgements) === 0 ? 0 : commandCodes.undecided;
  },
};

function readArguments(args: readonly string[]): Read<Arguments> {
  return reading(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    if (values.help === true) return 'help';
    const [file, ...more] = positionals;
    if (file === undefined) return { wrong: 'which file is to be checked is missing' };
    return more.length > 0
      ? { wrong: `one file is checked at a time; given were ${positionals.join(', ')}` }
      : { file };
  });
}

/** Undefined when it cannot be checked; why has been said then. */
async function load(file: string, says: Says): Promise<History | undefined> {
  try {
    return await loadHistory(file);
  } catch (error) {
    if (!(error instanceof BadHistory) && !isFileFault(error)) throw error;
    says.err(`${file} cannot be checked: ${error.message}\n`);
    return undefined;
  }
}

function isFileFault(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
