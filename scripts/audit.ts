/** `npm run audit`: re-derives from the tables and the log what people can rely on. It reads, and changes nothing. */
import { type AuditResult, countViolations, runAudit } from '../server/src/audit/index.ts';
import { stopOnSignal } from '../server/src/exit.ts';
import { limits } from '../server/src/limits.ts';
import { systemClock } from '../server/src/platform/clock.ts';
import { DatabaseFault } from '../server/src/platform/postgres/faults.ts';
import { exitCodes, StartupRefusal } from '../server/src/platform/startup-refusal.ts';
import { findDatabase, type FoundDatabase } from './audit/find-database.ts';
import { HELP, readArguments } from './audit/options.ts';
import { reportLines } from './audit/report.ts';

const VIOLATED = 1;
const USAGE = 64; // EX_USAGE of sysexits.h
const INTERRUPTED = 130;
const LOOK_AGAIN_MS = 500;

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
      const state = countViolations(result) === 0 ? 'CLEAN' : 'VIOLATED';
      process.stdout.write(
        `${JSON.stringify({ state, startedAt, tookMs, isServed, ...result }, undefined, 2)}\n`,
      );
    } else {
      process.stdout.write(`${reportLines(result, tookMs).join('\n')}\n`);
    }
    return countViolations(result) === 0 ? 0 : VIOLATED;
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    throw error;
  }
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
  const endMs = systemClock.monotonicMs() + (isServed ? settleMs : 0);
  for (;;) {
    const startedMs = systemClock.monotonicMs();
    const startedAt = new Date(systemClock.wallMs()).toISOString();
    const result = await runAudit({ database, clock: systemClock, patienceMs, signal });
    const nowMs = systemClock.monotonicMs();
    const isSettled = result.underWay === 0 && countViolations(result) === 0;
    if (isSettled || nowMs >= endMs) return { result, startedAt, tookMs: Math.round(nowMs - startedMs) };
    await systemClock.sleep(Math.min(LOOK_AGAIN_MS, endMs - nowMs), signal);
    signal.throwIfAborted();
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
