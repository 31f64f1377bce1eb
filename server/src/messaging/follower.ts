/**
 * Follows the log in memory, for what an instance remembers of the state of others: caches, boards.
 *
 * There is no cursor row and nothing is written: every instance follows for itself, and begins at the horizon of
 * its first look, the oldest transaction still running. State and its events are committed together. So a change
 * of a transaction below that horizon is visible to every statement that starts later, and the event of any other
 * one comes after that position and is delivered. Whoever reads state after `following()` has resolved, and hears
 * what comes from then on, misses nothing.
 *
 * What is committed here is heard at once, from memory, and once more when the log is read. Therefore a
 * projection hears each event at least once, and what is its own before what others committed earlier.
 *
 *   lost ──the horizon──▶ following ──rows──▶ heard, look again
 *     ▲                       │ └──nothing──▶ ring of another instance, or poll
 *     └─silence, another life─┘
 */
import assert from 'node:assert/strict';
import type { AnyEvent, EventName } from '#contract/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createBell } from './bell.ts';
import { findHorizon, type Position, readLog } from './log.ts';
import { createPace, type Step } from './pace.ts';
import { assertEvent } from './react.ts';
import type { RecentRows } from './recent-rows.ts';

/** Events of one look. Those of others are decoded on the event loop that also answers requests. */
const EVENTS_MAX = 1_024;
/** The log is kept for a minute at least, so after this long no row is missing. */
const SILENCE_MAX_MS = 30_000;
/** A database that was restored is noticed by the first row of its new epoch, or after this long without one. */
const EPOCH_CHECK_MS = 5_000;

/** What is remembered of the state of others. Neither function may fail; if one does, it is the projection's bug. */
export interface Projection {
  readonly names: readonly EventName[];
  /** At least once each, not always in the order of the log: must be idempotent. */
  heard(events: readonly AnyEvent[]): void;
  /** Events may have been missed: forget everything, what is being read at this moment too. */
  lost(): void;
}

export interface Follower {
  /** Before `run`. */
  follow(projection: Projection): void;
  /** Resolves once the position is known; rejects when it cannot be found now. To be awaited before state is read. */
  following(): Promise<void>;
  /** Hands on what was committed here. Never throws. */
  hear(events: readonly AnyEvent[]): void;
  /** Another instance has appended something. */
  ring(): void;
  /** The data have begun another life: all that was heard may be of commits that are lost. Never throws. */
  forget(): void;
  /** Follows until the signal fires; does nothing without a projection. */
  run(signal: AbortSignal): Promise<void>;
}

interface FollowerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recent: RecentRows;
}

export function createFollower(deps: FollowerDeps): Follower {
  const audience = createAudience(deps.logger);
  const track = createTrack(deps, audience);
  const bell = createBell(deps.clock);
  const pace = createPace(deps.clock, bell);
  let isRunning = false;

  return {
    follow(projection) {
      assert(!isRunning, 'projections are there before the log is followed');
      audience.join(projection);
    },
    following: () => track.known(),
    hear: (events) => audience.tell(events),
    ring: () => bell.ring(),
    forget() {
      track.lose('another life');
      bell.ring();
    },
    async run(signal) {
      isRunning = true;
      const names = audience.names();
      let faults = 0;
      while (names.length > 0 && !signal.aborted) {
        try {
          const step = await track.look(names);
          faults = 0;
          await pace.after(step, signal);
        } catch (error) {
          faults += 1;
          deps.logger.warn({ err: error, faults }, 'the log could not be looked at; trying again');
          track.couldNotLook(error);
          await pace.afterFault(faults, signal);
        }
      }
      track.end();
    },
  };
}

interface Audience {
  join(projection: Projection): void;
  /** What concerns anybody. */
  names(): readonly EventName[];
  /** Checked against their schemas when they come from the log. */
  tell(events: readonly AnyEvent[], from?: 'log'): void;
  lost(): void;
}

/** The projections, of which none can hurt the others or whoever tells them. */
function createAudience(logger: Logger): Audience {
  const projections: Projection[] = [];

  function lose(projection: Projection): void {
    try {
      projection.lost();
    } catch (error) {
      logger.error({ err: error, names: projection.names }, 'a projection could not start over');
    }
  }

  return {
    join: (projection) => void projections.push(projection),
    names: () => [...new Set(projections.flatMap((projection) => projection.names))],
    tell(events, from) {
      for (const projection of projections) {
        const concerned = events.filter(({ name }) => projection.names.includes(name));
        if (concerned.length === 0) continue;
        try {
          if (from === 'log') for (const event of concerned) assertEvent(event);
          projection.heard(concerned);
        } catch (error) {
          logger.error({ err: error, names: projection.names }, 'a projection failed and starts over');
          lose(projection);
        }
      }
    },
    lost: () => projections.forEach(lose),
  };
}

/** Where in the log we are, and whether that can still be said. */
function createTrack({ database, clock, logger, recent }: FollowerDeps, audience: Audience) {
  let position: Position | undefined;
  let known = newPromise();
  /** When the last look that was answered was sent: what it did not find was not committed by then. */
  let lookedAtMs = 0;
  let checkedEpochAtMs = 0;
  let losses = 0;

  function lose(why: 'silence' | 'another epoch' | 'another life'): void {
    logger.warn({ why }, 'the log is followed anew');
    losses++;
    // Whoever waits for the position already goes on waiting.
    if (position !== undefined) known = newPromise();
    position = undefined;
    audience.lost();
  }

  const isSilent = () => clock.monotonicMs() - lookedAtMs > SILENCE_MAX_MS;

  /**
   * Finds the position where there is none, and notices when it is one of another life of the data. Where all is lost
   * while it looks, nothing is known of what it finds.
   */
  async function checkHorizon(sentAtMs: number): Promise<void> {
    const asOf = losses;
    const horizon = await findHorizon(database);
    if (losses !== asOf) return;
    checkedEpochAtMs = sentAtMs;
    if (position !== undefined && position.epoch !== horizon.epoch) lose('another epoch');
    if (position !== undefined) return;
    position = horizon;
    lookedAtMs = sentAtMs;
    known.resolve();
  }

  return {
    known: () => known.promise,
    lose,
    async look(names: readonly EventName[]): Promise<Step> {
      const sentAtMs = clock.monotonicMs();
      if (position === undefined || sentAtMs - checkedEpochAtMs > EPOCH_CHECK_MS)
        await checkHorizon(sentAtMs);
      const from = position;
      if (from === undefined) return 'worked';
      const seen = await readLog(database, from, names, { eventsMax: EVENTS_MAX, recent });
      if (position !== from) return 'worked';
      const isOfThisLife = seen.found !== 'rows' || seen.last.epoch === from.epoch;
      // Looked at only now: the process may have stood still in front of the statement, and behind it.
      if (isSilent() || !isOfThisLife) {
        lose(isOfThisLife ? 'silence' : 'another epoch');
        return 'worked';
      }
      lookedAtMs = sentAtMs;
      if (seen.found !== 'rows') return seen.found;
      position = seen.last;
      const events = seen.items.map((item) => item.event);
      audience.tell(events, 'log');
      return 'worked';
    },
    /** Nothing is answered from memory about which nobody can say whether it is still so. */
    couldNotLook(error: unknown): void {
      if (position !== undefined && isSilent()) lose('silence');
      if (position === undefined) {
        known.reject(error);
        known = newPromise();
      }
    },
    end: () => known.reject(new Error('the log is not followed any more')),
  };
}

/** Whoever does not wait for it is not told of its failure. */
function newPromise(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => {});
  return made;
}
