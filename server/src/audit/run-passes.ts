/** When audits run: as soon as an operator asks, one at a time on an instance; and again and again by themselves. */
import { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database } from '../platform/postgres/database.ts';
import { closePass, openDuePass, openPass } from './keep-passes.ts';
import { type AuditResult, runAudit } from './run-audit.ts';

export interface PassesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Infinite: only when somebody asks. */
  readonly intervalMs: number;
}

export interface Passes {
  /**
   * Gives the id of a pass that looks at the data as they are after this moment. All who ask while another one runs share
   * the one behind it.
   */
  ask(): Promise<string>;
  /** Runs passes until the signal fires, and ends the one under way with the check that it is at. */
  run(signal: AbortSignal): Promise<void>;
}

/** How often it is looked at whether it is time: instances share the interval. */
const LOOKS_PER_INTERVAL = 4;

export function createPasses(deps: PassesDeps): Passes {
  const { database, clock, logger, intervalMs } = deps;
  const stopped = new AbortController();
  let behind: Promise<string> | undefined;
  let last: Promise<void> = Promise.resolve();

  async function carryOut(auditId: string): Promise<void> {
    const startedMs = clock.monotonicMs();
    const tookMs = () => Math.round(clock.monotonicMs() - startedMs);
    try {
      const result = await runAudit({
        database,
        clock,
        patienceMs: limits.audit.patienceMs,
        signal: stopped.signal,
      });
      report(logger, auditId, result, tookMs());
      await closePass(database, auditId, result, tookMs());
    } catch (error) {
      logger.warn({ err: error, auditId }, 'an audit could not be carried out');
      await closePass(database, auditId, null, tookMs()).catch(() => {}); // it is told by its age then
    }
  }

  return {
    ask: () => {
      if (behind !== undefined) return behind;
      const opened = openPass(database);
      behind = opened;
      const before = last;
      last = opened.then(
        async (auditId) => {
          await before;
          behind = undefined;
          await carryOut(auditId);
        },
        () => {
          behind = undefined; // whoever asked is told
          return before;
        },
      );
      return opened;
    },
    run: async (signal) => {
      signal.addEventListener('abort', () => stopped.abort(), { once: true });
      while (!signal.aborted && Number.isFinite(intervalMs)) {
        await clock.sleep(intervalMs / LOOKS_PER_INTERVAL, signal);
        if (signal.aborted) break;
        const auditId = await openDuePass(database, intervalMs).catch((error: unknown) => {
          logger.warn({ err: error }, 'an audit could not be begun; trying again');
        });
        if (auditId === undefined) continue;
        last = last.then(() => carryOut(auditId));
        await last;
      }
      if (!signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await last;
    },
  };
}

function report(logger: Logger, auditId: string, { checks, underWay }: AuditResult, tookMs: number): void {
  for (const { name, promise, says, violationCount, violations } of checks) {
    if (violationCount === 0) continue;
    logger.error({ auditId, check: name, promise, says, violationCount, violations }, 'a promise is broken');
  }
  logger.debug({ auditId, underWay, tookMs }, 'an audit has ended');
}
