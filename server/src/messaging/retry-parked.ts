/** Tries parked events again when their time has come, each in a transaction of its own. */
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { attempt } from './attempt.ts';
import { type Appended, appendEventsNow } from './log.ts';
import { type ParkedEvent, postponeParked, settleParked, takeParked } from './park-events.ts';
import { assertEmits, assertEvent, type ReactionTable, reactToSet } from './react.ts';
import type { ReaderName } from './saga-map.ts';

const POLL_MS = 250;
/** After so many failures a reaction that has a compensating event gives that instead of trying on. */
const GIVE_UP_AFTER = 6;

export interface RetryDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tables: ReadonlyMap<ReaderName, ReactionTable>;
  readonly appended: Appended;
}

export async function retryParkedEvents(deps: RetryDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if (!(await retryOne(deps))) await deps.clock.sleep(POLL_MS, signal);
    } catch (error) {
      deps.logger.warn({ err: error }, 'parked events could not be tried');
      await deps.clock.sleep(POLL_MS * 4, signal);
    }
  }
}

/** False when no parked event is due. */
function retryOne(deps: RetryDeps): Promise<boolean> {
  return deps.database.transaction(async (tx) => {
    const parked = await takeParked(tx, [...deps.tables.keys()]);
    if (parked === undefined) return false;
    const failure = await attempt(tx, () => settle(tx, deps, parked));
    if (failure !== undefined) {
      postponeParked(tx, parked, failure.error);
      const { reader, attempts } = parked;
      const fields = { err: failure.error, reader, event: parked.event.name, attempts };
      tx.onCommit(() => deps.logger.error(fields, 'a parked event failed again'));
    }
    return true;
  });
}

async function settle(tx: Tx, deps: RetryDeps, parked: ParkedEvent): Promise<void> {
  const { event, reader } = parked;
  const table = deps.tables.get(reader) ?? {};
  const giveUp = table[event.name]?.giveUp;
  if (giveUp === undefined || parked.attempts < GIVE_UP_AFTER) {
    await appendEventsNow(tx, await reactToSet(tx, reader, table, event.name, [event]), deps.appended);
    await settleParked(tx, parked, 'retried');
    return;
  }
  assertEvent(event); // nothing follows from an event that cannot be read
  const compensation = giveUp(event);
  assertEmits(reader, event.name, compensation.name);
  await appendEventsNow(tx, [compensation], deps.appended);
  await settleParked(tx, parked, 'compensated');
}
