/**
 * A reader's position in the log: what the row says, and how far this instance has looked beyond it without
 * finding anything for the reader.
 */
import type { Clock } from '../platform/clock.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { findHorizon, isAfter, isSame, type Position } from './log.ts';
import type { ReaderName } from './saga-map.ts';

const PERSIST_MS = 5_000;

const LOAD = statement(`/* messaging.load-cursor */
select epoch, xid::text as xid, id from messaging.cursor where reader = $1`);
const LOCK = statement(`/* messaging.lock-cursor */
select epoch, xid::text as xid, id from messaging.cursor where reader = $1 for update skip locked`);
const MOVE = statement(`/* messaging.move-cursor */
update messaging.cursor set epoch = $2, xid = $3::xid8, id = $4, moved_at = clock_timestamp() where reader = $1`);

type CursorRow = Position & Record<string, unknown>;

export interface Cursor {
  /** Where to look from. */
  position(): Promise<Position>;
  /** Nothing up to here concerns the reader. */
  pass(to: Position): void;
  /**
   * Locks the row for the transaction. `taken`: another instance has the lock. `elsewhere`: another instance
   * has moved it, and this one looks again from there. Only `here` allows to go on.
   */
  lock(tx: Tx): Promise<'here' | 'elsewhere' | 'taken'>;
  move(tx: Tx, to: Position): void;
  /** Writes down, now and then, how far the reader has looked: retention waits for the row. */
  persist(): Promise<void>;
  /**
   * After a failure nothing is known but the row; nor when the data have begun another life, in which positions are
   * used again. What is under way then, from a position of before, moves nothing.
   */
  forget(): void;
}

export function createCursor(database: Database, clock: Clock, reader: ReaderName): Cursor {
  let persisted: Position | undefined;
  let seen: Position | undefined;
  let persistedAtMs = clock.monotonicMs();

  const cursor: Cursor = {
    position: async () => (seen ??= persisted = await load(database, reader)),
    pass(to) {
      if (seen !== undefined) seen = to;
    },
    async lock(tx) {
      const [row] = await tx.rows<CursorRow>(LOCK, [reader]);
      if (row === undefined) return 'taken';
      if (persisted !== undefined && isSame(row, persisted)) return 'here';
      seen = persisted = positionOf(row);
      return 'elsewhere';
    },
    move(tx, to) {
      tx.send(MOVE, [reader, to.epoch, to.xid, to.id]);
      tx.onCommit(() => {
        persisted = seen = to;
        persistedAtMs = clock.monotonicMs();
      });
    },
    async persist() {
      if (clock.monotonicMs() - persistedAtMs < PERSIST_MS) return;
      persistedAtMs = clock.monotonicMs();
      if (seen === undefined || persisted === undefined || !isAfter(seen, persisted)) return;
      const to = seen;
      await database.transaction(async (tx) => {
        if ((await cursor.lock(tx)) !== 'here') return tx.abandon();
        // Only what lies below the horizon is looked at. Where it lies above, the data have begun another life unnoticed.
        if (isAfter(await findHorizon(tx), to)) return cursor.move(tx, to);
        cursor.forget();
        return tx.abandon();
      });
    },
    forget() {
      seen = persisted = undefined;
    },
  };
  return cursor;
}

/** The migration made the row, at the beginning of the log. */
async function load(database: Database, reader: ReaderName): Promise<Position> {
  const [row] = await database.rows<CursorRow>(LOAD, [reader]);
  if (row === undefined) throw new Error(`the cursor of ${reader} is gone`);
  return positionOf(row);
}

function positionOf({ epoch, xid, id }: Position): Position {
  return { epoch, xid, id };
}
