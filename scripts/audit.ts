/** `npm run audit`: re-derives from the tables and the log what people can rely on. It reads, and changes nothing. */
import { parseArgs } from 'node:util';
import { type AuditResult, countViolations, failuresOf, runAudit } from '../server/src/audit/index.ts';
import { stopOnSignal } from '../server/src/exit.ts';
import { limits } from '../server/src/limits.ts';
import { systemClock } from '../server/src/platform/clock.ts';
import { DatabaseFault } from '../server/src/platform/postgres/faults.ts';
import { exitCodes, StartupRefusal } from '../server/src/platform/startup-refusal.ts';
import { findDatabase, type FoundDatabase } from './audit/find-database.ts';
import { reportLines } from './audit/report.ts';

const VIOLATED = 1;
const USAGE = 64; // EX_USAGE of sysexits.h
const INTERRUPTED = 130;
const LOOK_AGAIN_MS = 500;
const SETTLE_S_MAX = 3_600;

const HELP = `npm run audit [-- --settle SECONDS] [--json]

Looks whether every promise is kept, each in a snapshot of the tables and the log, while the sale goes on or after it. The
database is that of DATABASE_URL, or that of DATA_DIR: of the service that runs there, or, when none does, of a PostgreSQL
that is started for the time of the audit. It reads, and changes nothing.

  --settle SECONDS  while something is under way, or is found, audit again for so long (0)
  --json            print the report as JSON

Exit code: 0 everything is kept; 1 something is broken, and named; 64 and above when there could be no audit, or not all
of it. Ctrl-C ends it at once, and the statement that it is at.
`;

interface Arguments {
  readonly settleMs: number;
  readonly json: boolean;
}

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
  const signal = stopOnSignal();
  const say = (line: string) => process.stderr.write(`${line}\n`);
  await using found = await findDatabase(say);
  if (!found.isServed) say('no service runs here: what waits for one is counted, and is no violation');
  try {
    const { result, startedAt, tookMs } = await auditUntil(found, given.settleMs, signal);
    const { isServed } = found;
    if (given.json) {
      const state = stateOf(result);
      process.stdout.write(
        `${JSON.stringify({ state, startedAt, tookMs, isServed, ...result }, undefined, 2)}\n`,
      );
    } else {
      process.stdout.write(`${reportLines(result, tookMs).join('\n')}\n`);
    }
    return EXIT_CODES[stateOf(result)];
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    throw error;
  }
}

const EXIT_CODES = { CLEAN: 0, VIOLATED, FAILED: exitCodes.software } as const;

/** What was found is the worst of it, whatever else could not be looked at. */
function stateOf(result: AuditResult): keyof typeof EXIT_CODES {
  if (countViolations(result) > 0) return 'VIOLATED';
  return failuresOf(result).length === 0 ? 'CLEAN' : 'FAILED';
}

interface Audited {
  readonly result: AuditResult;
  readonly startedAt: string;
  readonly tookMs: number;
}

/** The first clean audit with nothing under way, or the last one in the time. Nothing settles where no service runs. */
async function auditUntil(
  { database, isServed }: FoundDatabase,
  settleMs: number,
  signal: AbortSignal,
): Promise<Audited> {
  const patienceMs = isServed ? limits.audit.patienceMs : Number.POSITIVE_INFINITY;
  const { secondLookMs } = limits.audit;
  const endMs = systemClock.monotonicMs() + (isServed ? settleMs : 0);
  for (;;) {
    const startedMs = systemClock.monotonicMs();
    const startedAt = new Date(systemClock.wallMs()).toISOString();
    const result = await runAudit({ database, clock: systemClock, patienceMs, secondLookMs, signal });
    const nowMs = systemClock.monotonicMs();
    const isSettled = result.underWay === 0 && stateOf(result) === 'CLEAN';
    if (isSettled || nowMs >= endMs) return { result, startedAt, tookMs: Math.round(nowMs - startedMs) };
    await systemClock.sleep(Math.min(LOOK_AGAIN_MS, endMs - nowMs), signal);
    signal.throwIfAborted();
  }
}

function readArguments(args: readonly string[]): Arguments | 'help' | { readonly wrong: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        settle: { type: 'string', default: '0' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return 'help';
    const seconds = /^\d+$/.test(values.settle) ? Number(values.settle) : Number.NaN;
    if (!(seconds <= SETTLE_S_MAX)) {
      return {
        wrong: `--settle must be a number of seconds, 0 to ${SETTLE_S_MAX}; "${values.settle}" is not`,
      };
    }
    return { settleMs: seconds * 1000, json: values.json };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

// undefined_table, undefined_column, invalid_schema_name
const OTHER_SCHEMA = new Set(['42P01', '42703', '3F000']);

/** No audit is not a broken promise: the exit code tells them apart. */
function fail(error: unknown): number {
  const say = (what: string, advice: string) =>
    process.stderr.write(`there was no audit: ${what}\n${advice}\n`);
  if (error instanceof StartupRefusal) {
    say(error.message, error.advice);
    return error.exitCode;
  }
  if (error instanceof DatabaseFault && OTHER_SCHEMA.has(error.sqlstate ?? '')) {
    say(
      `the tables are those of another version (${error.message})`,
      'Start this Frontrow on them once: npm start.',
    );
    return exitCodes.otherVersion;
  }
  if (error instanceof DatabaseFault) {
    say(error.message, 'Look whether PostgreSQL runs and answers, and audit again.');
    return exitCodes.unavailable;
  }
  process.stderr.write(`there was no audit: ${error instanceof Error ? error.stack : String(error)}\n`);
  return exitCodes.software;
}

main(process.argv.slice(2))
  .catch(fail)
  .then((code) => {
    process.exitCode = code;
  }, fail);
