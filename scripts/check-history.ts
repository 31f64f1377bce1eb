/** `npm run check-history -- FILE`: whether a right service can have answered as a recorded history says. */
import { parseArgs } from 'node:util';
import { fail } from '../server/src/exit.ts';
import { checkHistory, type Verdict } from '../rehearsal/history/check-history.ts';
import { BadHistory, loadHistory } from '../rehearsal/history/history-file.ts';
import { countUndecided, describeVerdict } from '../rehearsal/history/describe-verdict.ts';
import type { History } from '../rehearsal/history/operation.ts';

const BROKEN = 1;
const UNDECIDED = 2;
const USAGE = 64; // EX_USAGE of sysexits.h
const BAD_FILE = 65; // EX_DATAERR

const HELP = `npm run check-history -- FILE

Judges what people asked of the service and were told, as a rehearsal recorded it: whether a seat had one owner at a
time, the line was in order, no money was lost, and what was answered stayed true. Prints what each check looked at and
every contradiction with the operations that it is made of.
Exit code: 0 without a contradiction, ${BROKEN} with one, ${UNDECIDED} without one when not everything could be decided,
${BAD_FILE} when the file is no history.
`;

async function main(args: readonly string[]): Promise<number> {
  const given = readArguments(args);
  if (given === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if ('wrong' in given) {
    process.stderr.write(`${given.wrong}\n\n${HELP}`);
    return USAGE;
  }
  const history = await load(given.file);
  if (history === undefined) return BAD_FILE;
  const verdict: Verdict = checkHistory(history);
  process.stdout.write(describeVerdict(verdict));
  if (verdict.contradictions.length > 0) return BROKEN;
  return countUndecided(verdict.judgements) === 0 ? 0 : UNDECIDED;
}

function readArguments(
  args: readonly string[],
): { readonly file: string } | 'help' | { readonly wrong: string } {
  try {
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
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

/** Undefined when it cannot be checked; why has been said then. */
async function load(file: string): Promise<History | undefined> {
  try {
    return await loadHistory(file);
  } catch (error) {
    if (!(error instanceof BadHistory) && !isFileFault(error)) throw error;
    process.stderr.write(`${file} cannot be checked: ${error.message}\n`);
    return undefined;
  }
}

function isFileFault(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
}, fail);
