/**
 * When audits run: as soon as an operator asks, and again and again by themselves; one at a time over all instances. A pass
 * holds its locks from its beginning to its end (keeper.ts), so one whose instance died is in nobody's way.
 */
import { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import {
  beginPass,
  closePass,
  holdPass,
  type OpenPass,
  openDuePass,
  openPass,
  takeTurn,
} from './keep-passes.ts';
import { keepTables, whileKept } from './keeper.ts';
import { auditBeside, type AuditResult, failuresOf } from './run-audit.ts';

export interface PassesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Infinite: only when somebody asks. */
  readonly intervalMs: number;
}

export interface Passes {
  /**
   * Gives the id of a pass that looks at the data as they are after this moment. All who ask an instance while another one
   * runs share the one behind it.
   */
  ask(): Promise<string>;
  /** Runs passes until the signal fires, and ends the one under way at once. */
  run(signal: AbortSignal): Promise<void>;
}

/** How often it is looked at whether it is time: instances share the interval. */
const LOOKS_PER_INTERVAL = 4;
const LOOK_AGAIN_MS = 200;

interface Deps extends PassesDeps {
  readonly stopped: AbortSignal;
}

export function createPasses(given: PassesDeps): Passes {
  const { database, clock, logger, intervalMs } = given;
  const stopping = new AbortController();
  const deps: Deps = { ...given, stopped: stopping.signal };
  let behind: Promise<OpenPass> | undefined;
  const asked = new Set<Promise<void>>();

  return {
    ask: async () => {
      if (behind === undefined) {
        const opened = openPass(database);
        behind = opened;
        const begun = () => {
          if (behind === opened) behind = undefined;
        };
        const carriedOut = opened.then((pass) => runAsked(deps, pass, begun)).catch(begun); // whoever asked is told
        asked.add(carriedOut);
        void carriedOut.then(() => asked.delete(carriedOut));
      }
      return (await behind).auditId;
    },
    run: async (signal) => {
      signal.addEventListener('abort', () => stopping.abort(), { once: true });
      while (!signal.aborted && Number.isFinite(intervalMs)) {
        await clock.sleep(intervalMs / LOOKS_PER_INTERVAL, signal);
        if (signal.aborted) break;
        await runDue(deps).catch((error: unknown) => {
          logger.warn({ err: error }, 'an audit could not be begun; trying again');
        });
      }
      if (!signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await Promise.all(asked);
    },
  };
}

/** A pass of nobody's asking, if it is time for one and no other one runs. */
function runDue(deps: Deps): Promise<void> {
  return whileKept(deps.database, async (keeper) => {
    if (!(await takeTurn(keeper))) return;
    await keepTables(keeper);
    const pass = await openDuePass(deps.database, deps.intervalMs);
    if (pass === undefined) return;
    await orGiveUp(deps, pass, async () => {
      await holdPass(keeper, pass);
      await carryOut(deps, keeper, pass);
    });
  });
}

/** `begun` is told before the first look at the data, and also when there is none. */
async function runAsked(deps: Deps, pass: OpenPass, begun: () => void): Promise<void> {
  await orGiveUp(deps, pass, () =>
    whileKept(deps.database, async (keeper) => {
      await holdPass(keeper, pass);
      await waitForTurn(deps, keeper);
      await keepTables(keeper);
      await beginPass(deps.database, pass);
      begun();
      await carryOut(deps, keeper, pass);
    }),
  );
  begun();
}

async function waitForTurn({ clock, stopped }: Deps, keeper: Tx): Promise<void> {
  const endMs = clock.monotonicMs() + limits.audit.waitMsMax;
  while (!(await takeTurn(keeper))) {
    if (clock.monotonicMs() > endMs) throw new Error('the audits before it did not end in time');
    await clock.sleep(LOOK_AGAIN_MS, stopped);
    stopped.throwIfAborted();
  }
}

/** Written down before the keeper lets go: whoever is next looks at when this one ended. */
async function carryOut(deps: Deps, keeper: Tx, pass: OpenPass): Promise<void> {
  const { database, clock, logger, stopped } = deps;
  const { patienceMs, secondLookMs, passMsMax } = limits.audit;
  const startedMs = clock.monotonicMs();
  const result = await auditBeside(keeper, {
    database,
    clock,
    patienceMs,
    secondLookMs,
    passMsMax,
    signal: stopped,
  });
  const tookMs = Math.round(clock.monotonicMs() - startedMs);
  report(logger, pass, result, tookMs);
  await close(deps, pass, result, tookMs);
}

async function orGiveUp(deps: Deps, pass: OpenPass, work: () => Promise<void>): Promise<void> {
  const { clock, logger, stopped } = deps;
  const { auditId } = pass;
  const startedMs = clock.monotonicMs();
  try {
    await work();
  } catch (error) {
    if (stopped.aborted) logger.info({ auditId }, 'an audit was given up, as the service stops');
    else logger.error({ err: error, auditId }, 'an audit could not be carried out');
    // Where that fails as well, it is told by its lock, which nobody holds any longer.
    await close(deps, pass, null, Math.round(clock.monotonicMs() - startedMs)).catch(() => {});
  }
}

/** The database may be away for a moment. */
async function close(
  { database, clock, stopped }: Deps,
  pass: OpenPass,
  result: AuditResult | null,
  tookMs: number,
): Promise<void> {
  const endMs = clock.monotonicMs() + limits.audit.closeMsMax;
  for (;;) {
    try {
      await closePass(database, pass, result, tookMs);
      return;
    } catch (error) {
      if (stopped.aborted || clock.monotonicMs() > endMs) throw error;
      await clock.sleep(LOOK_AGAIN_MS, stopped);
    }
  }
}

function report(logger: Logger, { auditId }: OpenPass, result: AuditResult, tookMs: number): void {
  for (const { name, promise, says, violationCount, violations } of result.checks) {
    if (violationCount === 0) continue;
    logger.error({ auditId, check: name, promise, says, violationCount, violations }, 'a promise is broken');
  }
  const failures = failuresOf(result);
  if (failures.length > 0) logger.error({ auditId, failures }, 'an audit could not be carried out');
  logger.debug({ auditId, underWay: result.underWay, tookMs }, 'an audit has ended');
}
