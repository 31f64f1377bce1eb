/**
 * One reader of the log on one instance.
 *
 * It takes the cursor's row lock, and commits the reactions' effects, the events they emit and the cursor together:
 * each event takes effect exactly once, whichever instance got the lock. Whether there is something to take it looks at
 * outside any transaction, which holds nobody up; rows that hold nothing for it only move its own memory, and now and
 * then the cursor. When something was committed on its own instance while it was idle, there will be something to take:
 * it reads and locks in one journey.
 *
 *   idle ──heard of others, poll──▶ look ──nothing more──▶ idle
 *    │                               │ └─committed, but above the horizon──▶ look again at once
 *    │                               ▼ events
 *    └──committed here────────────▶ take ──cursor is elsewhere──▶ stand by, or look from there
 *                                    ├─nothing, or above the horizon──▶ as from a look
 *                                    ├─committed──▶ look
 *                                    └─failed──▶ isolate (data, or anything again and again), or pause and look again
 */
import type { AnyEvent, EventName } from '#contract/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database, Reader, Tx } from '../platform/postgres/database.ts';
import { liesInTheWork, mayLieInTheWork } from '../platform/postgres/faults.ts';
import type { IsCulprit } from './attempt.ts';
import { createBell } from './bell.ts';
import { createCursor, type Cursor } from './cursor.ts';
import { type Appended, appendEvents, isSame, readLog, type Seen } from './log.ts';
import { createPace, type Step } from './pace.ts';
import { parkEvent } from './park-events.ts';
import { reactIsolating, type ReactionTable, reactToAll } from './react.ts';
import type { RecentRows } from './recent-rows.ts';
import { eventsFor, isHeavy, type ReaderName } from './saga-map.ts';
import type { LoggedEvent } from './waves.ts';

/** One transaction's worth. After a fault it is less: a set that is too much for a slow database gets smaller. */
const EVENTS_MAX = 4_096;
/** A lock, a time-out, a damaged page: after so many in a row it is not passing by, so its event is looked for. */
const PASSING_FAULTS_MAX = 3;

export interface ReaderDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly appended: Appended;
  readonly recent: RecentRows;
  readonly observe: (reader: ReaderName, events: number, durationMs: number) => void;
  readonly onParked: (reader: ReaderName, event: AnyEvent, error: unknown) => void;
}

export interface LogReader {
  /** The events that concern it. */
  readonly names: readonly EventName[];
  /** There may be something for it. */
  ring(): void;
  /** There is something for it, unless it was taken already: an event of these was committed on this instance. */
  ringForWork(): void;
  /** The data have begun another life: it goes on from where its row says. */
  forget(): void;
  /** Reads until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export function createReader(name: ReaderName, reactions: ReactionTable, deps: ReaderDeps): LogReader {
  const { database, clock, logger, recent } = deps;
  const names = eventsFor(name);
  const bell = createBell(clock);
  const pace = createPace(clock, bell);
  const cursor = createCursor(database, clock, name);
  const suspicion = createSuspicion();
  const { look, takeAtOnce } = createSteps(name, reactions, deps, cursor, suspicion);
  let hasWork = false;

  async function afterFault(error: unknown, faults: number, signal: AbortSignal): Promise<void> {
    cursor.forget();
    if (suspicion.fallsAtOnce(error)) return;
    logger.warn({ err: error, reader: name, faults }, 'a reader of the log failed and will try again');
    await pace.afterFault(faults, signal);
  }

  return {
    names,
    ring: () => bell.ring(),
    ringForWork() {
      hasWork = true;
      bell.ring();
    },
    forget: () => cursor.forget(),
    async run(signal) {
      let faults = 0;
      while (!signal.aborted) {
        try {
          bell.answer();
          const begin = hasWork ? takeAtOnce : look;
          hasWork = false;
          const eventsMax = Math.max(1, EVENTS_MAX >> (2 * Math.min(faults, 6)));
          const position = await cursor.position();
          const step = await begin((within) => readLog(within, position, names, { eventsMax, recent }));
          faults = 0;
          suspicion.forgetPassing();
          await cursor.persist();
          await pace.after(step, signal);
          // What it has left behind is above the horizon, or another instance is at it: that is looked at first.
          hasWork &&= step === 'idle';
        } catch (error) {
          faults += 1;
          await afterFault(error, faults, signal);
        }
      }
    },
  };
}

/** One step of a reader: it gives what comes after it. */
function createSteps(
  name: ReaderName,
  reactions: ReactionTable,
  deps: ReaderDeps,
  cursor: Cursor,
  suspicion: Suspicion,
): Record<'look' | 'takeAtOnce', (read: Read) => Promise<Step>> {
  const { database, clock } = deps;

  async function look(read: Read): Promise<Step> {
    const seen = await read(database);
    return concernsIt(seen) ? take(() => Promise.resolve(seen)) : pass(seen);
  }

  /** Whoever has the lock may have taken for nothing, and found less than there is now: it is not left to them unseen. */
  async function takeAtOnce(read: Read): Promise<Step> {
    const step = await take(read);
    return step === 'stand-by' ? look(read) : step;
  }

  /** Nothing in it is for the reader. */
  function pass(seen: Seen): Step {
    if (seen.found !== 'rows') return seen.found;
    cursor.pass(seen.last);
    return after(seen);
  }

  /**
   * Commits the reactions to what is read, if there is something for the reader and the cursor is not elsewhere. It is read
   * from where the cursor was before the lock: that it is still there says that nobody has taken it since.
   */
  function take(read: Read): Promise<Step> {
    return database.transaction(async (tx) => {
      const [seen, found] = await Promise.all([read(tx), cursor.lock(tx)]);
      if (found !== 'here' || !concernsIt(seen)) {
        tx.abandon();
        if (found === 'here') return pass(seen);
        return found === 'taken' ? 'stand-by' : 'worked';
      }
      const startedMs = clock.monotonicMs();
      const rows = upToTheFirstHeavy(seen);
      const { items, last } = rows;
      const { culprit } = suspicion;
      await (culprit === undefined ? react : reactIsolated(culprit))(tx, name, reactions, items, deps);
      cursor.move(tx, last);
      tx.onCommit(() => {
        suspicion.clear();
        deps.observe(name, items.length, clock.monotonicMs() - startedMs);
      });
      return after(rows);
    });
  }

  return { look, takeAtOnce };
}

/**
 * What a fault means: what lies in the work is isolated at once, what may lie in it when it does not pass by,
 * and a server that is away is waited out.
 */
interface Suspicion {
  /** When set, what fails in this way is looked for and parked, and the others go on. */
  readonly culprit: IsCulprit | undefined;
  /** Whether it is to be isolated now, without a pause. */
  fallsAtOnce(error: unknown): boolean;
  /** Something went well. */
  forgetPassing(): void;
  /** Something was taken. */
  clear(): void;
}

function createSuspicion(): Suspicion {
  let culprit: IsCulprit | undefined;
  let passing = 0;
  return {
    get culprit() {
      return culprit;
    },
    fallsAtOnce(error) {
      if (liesInTheWork(error) && culprit === undefined) {
        culprit = liesInTheWork;
        return true;
      }
      passing = mayLieInTheWork(error) ? passing + 1 : 0;
      if (passing >= PASSING_FAULTS_MAX) culprit = mayLieInTheWork;
      return false;
    },
    forgetPassing() {
      passing = 0;
    },
    clear() {
      culprit = undefined;
    },
  };
}

type React = (
  tx: Tx,
  name: ReaderName,
  reactions: ReactionTable,
  items: readonly LoggedEvent[],
  deps: ReaderDeps,
) => Promise<void>;

const react: React = async (tx, name, reactions, items, deps) => {
  appendEvents(tx, await reactToAll(tx, name, reactions, items), deps.appended);
};

const reactIsolated =
  (isCulprit: IsCulprit): React =>
  (tx, name, reactions, items, deps) =>
    reactIsolating(tx, name, reactions, items, {
      isCulprit,
      append: (within, emitted) => appendEvents(within, emitted, deps.appended),
      park: (item, error) => {
        parkEvent(tx, name, item, error);
        tx.onCommit(() => deps.onParked(name, item.event, error));
      },
    });

/** Reads the log from where the cursor is thought to be. */
type Read = (within: Reader) => Promise<Seen>;

type Rows = Extract<Seen, { readonly found: 'rows' }>;

function concernsIt(seen: Seen): seen is Rows {
  return seen.found === 'rows' && seen.items.length > 0;
}

/** What comes after the bell was answered rings it again. */
function after({ isAll }: Rows): Step {
  return isAll ? 'idle' : 'worked';
}

/** The rows up to and with the first one that has a heavy event in it; the others follow in the next transaction. */
function upToTheFirstHeavy(rows: Rows): Rows {
  const { items } = rows;
  const heavy = items.find(({ event }) => isHeavy(event.name));
  if (heavy === undefined) return rows;
  const { epoch, xid, id } = heavy;
  const end = items.findLastIndex((item) => isSame(item, heavy));
  return { found: 'rows', items: items.slice(0, end + 1), last: { epoch, xid, id }, isAll: false };
}
