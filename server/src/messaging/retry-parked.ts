/** Tries parked events again when their time has come, each in a transaction of its own. */
import type { AnyEvent } from '#contract/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { liesInTheWork, mayLieInTheWork } from '../platform/postgres/faults.ts';
import { attempt, type Failure } from './attempt.ts';
import { type Appended, appendEvents } from './log.ts';
import { type ParkedEvent, postponeParked, settleParked, takeParked } from './park-events.ts';
import { assertEmits, assertEvent, type ReactionTable, reactToSet } from './react.ts';
import type { ReaderName } from './saga-map.ts';

const POLL_MS = 250;
/** After so many failures a reaction that has a compensating event gives that instead of trying on. */
const GIVE_UP_AFTER = 6;
/** What may pass by itself, such as a lock that somebody holds, is given minutes. */
const GIVE_UP_AFTER_PASSING = 12;

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
async function retryOne(deps: RetryDeps): Promise<boolean> {
  const due: { parked?: ParkedEvent } = {};
  try {
    return await deps.database.transaction(async (tx) => {
      const parked = await takeParked(tx, [...deps.tables.keys()]);
      if (parked === undefined) return false;
      due.parked = parked;
      await retry(tx, deps, parked);
      return true;
    });
  } catch (error) {
    const { parked } = due;
    if (parked === undefined) throw error;
    // Whatever it was: an event that is not postponed stays the first one due, and the others wait for ever.
    await deps.database.transaction((tx) => afterFailure(tx, deps, parked, error));
    return true;
  }
}

async function retry(tx: Tx, deps: RetryDeps, parked: ParkedEvent): Promise<void> {
  const { event, reader } = parked;
  const emitted = await reactToSet(tx, reader, deps.tables.get(reader) ?? {}, event.name, [event]);
  appendEvents(tx, emitted, deps.appended);
  await settleParked(tx, parked, 'retried');
}

async function afterFailure(tx: Tx, deps: RetryDeps, parked: ParkedEvent, error: unknown): Promise<void> {
  const { event, reader, attempts } = parked;
  const giveUp = deps.tables.get(reader)?.[event.name]?.giveUp;
  const failuresMax = liesInTheWork(error) ? GIVE_UP_AFTER : GIVE_UP_AFTER_PASSING;
  let failure: Failure | undefined = { error };
  if (giveUp !== undefined && attempts + 1 >= failuresMax)
    failure = await attempt(tx, mayLieInTheWork, (within) => compensate(within, deps, parked, giveUp));
  if (failure === undefined) return;
  postponeParked(tx, parked, failure.error);
  const fields = { err: failure.error, reader, event: event.name, attempts };
  tx.onCommit(() => deps.logger.error(fields, 'a parked event failed again'));
}

async function compensate(
  tx: Tx,
  deps: RetryDeps,
  parked: ParkedEvent,
  giveUp: (event: AnyEvent) => AnyEvent,
): Promise<void> {
  const { event, reader } = parked;
  assertEvent(event); // nothing follows from an event that cannot be read
  const compensation = giveUp(event);
  assertEmits(reader, event.name, compensation.name);
  // Its row was free for a moment: another instance may have settled it.
  if (!(await settleParked(tx, parked, 'compensated'))) return;
  appendEvents(tx, [compensation], deps.appended);
}
