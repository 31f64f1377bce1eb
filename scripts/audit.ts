/** `npm run audit`: re-derives from the tables and the log what people can rely on. It reads, and changes nothing. */
import { type AuditResult, countViolations, failuresOf, runAudit } from '../server/src/audit/index.ts';
import { stopOnSignal } from '../server/src/exit.ts';
import { limits } from '../server/src/limits.ts';
import { systemClock } from '../server/src/platform/clock.ts';
import { DatabaseFault } from '../server/src/platform/postgres/faults.ts';
import { exitCodes, StartupRefusal } from '../server/src/platform/startup-refusal.ts';
import { findDatabase, type FoundDatabase } from './audit/find-database.ts';
import { type Arguments, HELP, readArguments } from './audit/options.ts';
import { reportLines } from './audit/report.ts';
import { commandCodes, runCommand } from './support/command.ts';

const LOOK_AGAIN_MS = 500;

async function main(given: Arguments): Promise<number> {
  const signal = stopOnSignal();
  try {
    return await audit(given, signal);
  } catch (error) {
    return signal.aborted ? commandCodes.interrupted : noAudit(error);
  }
}

async function audit({ settleMs, json }: Arguments, signal: AbortSignal): Promise<number> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  await using found = await findDatabase(say);
  if (!found.isServed) say('no service runs here: what waits for one is counted, and is no violation');
  const { result, startedAt, tookMs } = await auditUntil(found, settleMs, signal);
  const { isServed } = found;
  const state = stateOf(result);
  const report = { state, startedAt, tookMs, isServed, ...result };
  const text = json ? JSON.stringify(report, undefined, 2) : reportLines(result, tookMs).join('\n');
  process.stdout.write(`${text}\n`);
  return EXIT_CODES[state];
}

const EXIT_CODES = { CLEAN: 0, VIOLATED: commandCodes.broken, FAILED: exitCodes.software } as const;

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

// undefined_table, undefined_column, invalid_schema_name
const OTHER_SCHEMA = new Set(['42P01', '42703', '3F000']);

/** No audit is not a broken promise: the exit code tells them apart. */
function noAudit(error: unknown): number {
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

await runCommand({ help: HELP, read: readArguments, run: main });
