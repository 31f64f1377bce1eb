/** Messaging: the log and its readers. It carries; it decides nothing. */
import type { AnyEvent, EventName } from '#contract/events.ts';
import type { ClientConfig } from 'pg';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { createFollower, type Projection } from './follower.ts';
import { type Appended, appendEvents, namesOf } from './log.ts';
import { createNotifier } from './notifier.ts';
import type { ReactionTable } from './react.ts';
import { createReader, type LogReader } from './reader.ts';
import { createRecentRows } from './recent-rows.ts';
import { retainLog } from './retain-log.ts';
import { retryParkedEvents } from './retry-parked.ts';
import { isHeavy, type ReaderName, type Reactions } from './saga-map.ts';

export type { Projection } from './follower.ts';
export { createLookForReaction } from './look-for-reaction.ts';
export { measureLag } from './measure-lag.ts';
export { countParked, hurryParked, listParked } from './park-events.ts';
export { READ_WHOLE_LOG } from './retain-log.ts';
export { eventsFor, READERS, sagaMap } from './saga-map.ts';
export type { ReaderName, Reactions } from './saga-map.ts';

export interface MessagingDeps {
  readonly database: Database;
  /** For the listener's own connection. */
  readonly connection: ClientConfig;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionMs: number;
  readonly observe: (reader: ReaderName, events: number, durationMs: number) => void;
  readonly onAppended: (name: EventName) => void;
  readonly onParked: (reader: ReaderName, event: EventName) => void;
}

export interface Messaging {
  /** Adds events to a transaction: they are in the log if and only if it commits. */
  append(tx: Tx, events: readonly AnyEvent[]): void;
  /** Runs a service's reader on this instance once `run` is called. */
  react<R extends ReaderName>(reader: R, reactions: Reactions<R>): void;
  /** Keeps a projection of this instance current once `run` is called. */
  follow(projection: Projection): void;
  /** To be awaited before a projection reads state: what changes after it will be heard. */
  following(): Promise<void>;
  /** The data have begun another life: nothing holds that is remembered of the log, here and in the projections. */
  forget(): void;
  /** Reads, follows, retries, notifies and tidies until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export function createMessaging(deps: MessagingDeps): Messaging {
  const readers: LogReader[] = [];
  const tables = new Map<ReaderName, ReactionTable>();

  const recent = createRecentRows();
  const follower = createFollower({ ...deps, recent });
  const notifier = createNotifier({
    ...deps,
    heard: () => {
      for (const reader of readers) reader.ring();
      follower.ring();
    },
  });
  const appended: Appended = (events, rows) => {
    recent.keep(rows);
    const names = namesOf(events);
    // A transaction that has read the log keeps retention, and all who append behind it, waiting while it works.
    const isLong = names.some(isHeavy);
    for (const reader of readers) {
      if (!reader.names.some((name) => names.includes(name))) continue;
      if (isLong) reader.ring();
      else reader.ringForWork();
    }
    // Without a ring: it has just heard them, and finds them in the log with the next events of others.
    follower.hear(events);
    notifier.grown();
    for (const event of events) deps.onAppended(event.name);
  };

  return {
    append: (tx, events) => appendEvents(tx, events, appended),
    react: (reader, reactions) => {
      const table = reactions as unknown as ReactionTable;
      tables.set(reader, table);
      readers.push(
        createReader(reader, table, {
          ...deps,
          appended,
          recent,
          onParked: (name, event, error) => {
            deps.logger.error({ err: error, reader: name, event: event.name }, 'an event was parked');
            deps.onParked(name, event.name);
          },
        }),
      );
    },
    follow: (projection) => follower.follow(projection),
    following: () => follower.following(),
    forget: () => {
      recent.forget();
      for (const reader of readers) reader.forget();
      follower.forget();
    },
    run: async (signal) => {
      await Promise.all([
        ...readers.map((reader) => reader.run(signal)),
        follower.run(signal),
        notifier.run(signal),
        retryParkedEvents({ ...deps, tables, appended }, signal),
        retainLog(deps, signal),
      ]);
    },
  };
}
