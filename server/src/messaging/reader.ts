/**
 * One reader of the log on one instance.
 *
 * It looks at the log outside any transaction. Rows that hold nothing for it only move its own memory, and now
 * and then the cursor. When there is something, it takes the cursor's row lock, and commits the reactions'
 * effects, the events they emit and the cursor together: each event takes effect exactly once, whichever
 * instance got the lock.
 *
 *   idle ──ring, poll──▶ look ──nothing──▶ idle
 *                         │ └─committed, but above the horizon──▶ look again at once
 *                         └─events──▶ take ──cursor is elsewhere──▶ stand by, or look from there
 *                                      ├─committed──▶ look
 *                                      └─failed──▶ isolate (data, or anything again and again), or pause and look again
 */
import type { AnyEvent, EventName } from '#contract/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { liesInTheWork, mayLieInTheWork } from '../platform/postgres/faults.ts';
import type { IsCulprit } from './attempt.ts';
import { type Bell, createBell } from './bell.ts';
import { createCursor } from './cursor.ts';
import {
  type Appended,
  appendEvents,
  appendEventsNow,
  fetchRows,
  type LogRow,
  type Position,
} from './log.ts';
import { parkEvent } from './park-events.ts';
import { reactIsolating, type ReactionTable, reactToAll } from './react.ts';
import { eventsFor, type ReaderName } from './saga-map.ts';
import type { LoggedEvent } from './waves.ts';

/** One transaction's worth. After a fault it is less: a set that is too much for a slow database gets smaller. */
const EVENTS_MAX = 4_096;
const POLL_MS = 500;
const STAND_BY_MS = 200;
const FAULT_PAUSE_MAX_MS = 2_000;
/** A lock, a time-out, a damaged page: after so many in a row it is not passing by, so its event is looked for. */
const PASSING_FAULTS_MAX = 3;

export interface ReaderDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly appended: Appended;
  readonly observe: (reader: ReaderName, events: number, durationMs: number) => void;
  readonly onParked: (reader: ReaderName, event: AnyEvent, error: unknown) => void;
}

export interface LogReader {
  /** The events that concern it. */
  readonly names: readonly EventName[];
  readonly bell: Bell;
  /** Reads until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

type Step = 'worked' | 'idle' | 'above-horizon' | 'stand-by';

export function createReader(name: ReaderName, reactions: ReactionTable, deps: ReaderDeps): LogReader {
  const { database, clock, logger } = deps;
  const names = eventsFor(name);
  const bell = createBell(clock);
  const cursor = createCursor(database, clock, name);
  const suspicion = createSuspicion();

  async function look(eventsMax: number): Promise<Step> {
    const rows = await fetchRows(database, await cursor.position(), names, eventsMax);
    const firstAbove = rows.findIndex((row) => row.above_horizon);
    const ready = firstAbove === -1 ? rows : rows.slice(0, firstAbove);
    const last = ready.at(-1);
    if (last === undefined) return rows.length > 0 ? 'above-horizon' : 'idle';
    const items = ready.flatMap(eventsOf).filter((item) => names.includes(item.event.name));
    if (items.length > 0) return take(items, last);
    cursor.pass(last);
    return 'worked';
  }

  /** Commits the reactions to what was seen, unless the cursor turns out to be elsewhere. */
  function take(items: readonly LoggedEvent[], last: Position): Promise<Step> {
    const startedMs = clock.monotonicMs();
    return database.transaction(async (tx) => {
      const found = await cursor.lock(tx);
      if (found !== 'here') return found === 'taken' ? 'stand-by' : 'worked';
      const { culprit } = suspicion;
      await (culprit === undefined ? react : reactIsolated(culprit))(tx, name, reactions, items, deps);
      cursor.move(tx, last);
      tx.onCommit(() => {
        suspicion.clear();
        deps.observe(name, items.length, clock.monotonicMs() - startedMs);
      });
      return 'worked';
    });
  }

  async function afterFault(error: unknown, faults: number, signal: AbortSignal): Promise<void> {
    cursor.forget();
    if (suspicion.fallsAtOnce(error)) return;
    logger.warn({ err: error, reader: name, faults }, 'a reader of the log failed and will try again');
    await clock.sleep(Math.min(FAULT_PAUSE_MAX_MS, 10 * 2 ** Math.min(faults, 10)), signal);
  }

  return {
    names,
    bell,
    async run(signal) {
      let faults = 0;
      let lookedAgain = 0;
      while (!signal.aborted) {
        try {
          const step = await look(Math.max(1, EVENTS_MAX >> (2 * Math.min(faults, 6))));
          faults = 0;
          suspicion.forgetPassing();
          await cursor.persist();
          lookedAgain = step === 'above-horizon' ? lookedAgain + 1 : 0;
          if (step === 'idle') await bell.wait(POLL_MS, signal);
          else if (step === 'stand-by') await clock.sleep(STAND_BY_MS, signal);
          // Another transaction is about to end. The first looks follow at once, later ones pause.
          else if (lookedAgain > 4) await clock.sleep(Math.min(lookedAgain - 4, 25), signal);
        } catch (error) {
          faults += 1;
          await afterFault(error, faults, signal);
        }
      }
    },
  };
}

/**
 * What a fault means: what lies in the work is isolated at once, what may lie in it when it does not pass by,
 * and a server that is away is waited out.
 */
function createSuspicion() {
  let culprit: IsCulprit | undefined;
  let passing = 0;
  return {
    /** When set, what fails in this way is looked for and parked, and the others go on. */
    get culprit() {
      return culprit;
    },
    /** Whether it is to be isolated now, without a pause. */
    fallsAtOnce(error: unknown): boolean {
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
      append: (emitted) => appendEventsNow(tx, emitted, deps.appended),
      park: (item, error) => {
        parkEvent(tx, name, item, error);
        tx.onCommit(() => deps.onParked(name, item.event, error));
      },
    });

/** Only what has a name can concern anybody. */
function eventsOf(row: LogRow): LoggedEvent[] {
  const { epoch, xid, id } = row;
  return (row.events ?? []).flatMap((event, position) =>
    isNamed(event) ? [{ event, epoch, xid, id, position }] : [],
  );
}

function isNamed(event: unknown): event is AnyEvent {
  return typeof event === 'object' && event !== null && 'name' in event;
}
