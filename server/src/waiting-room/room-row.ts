/** The row of a room, as everybody reads it. */
import type { RoomState } from '#contract/http/queue.ts';
import type { Group } from './policy.ts';
import type { LockedRoom } from './room.ts';

/** To be selected from `ROOM_NOW`, or from other rows of the table as `r` beside a `clock`. */
export const ROOM_COLUMNS = `r.room, r.epoch, r.epoch_starts, r.state, r.opens_at, r.head, r.last_number, r.waiting, r.active,
  r.admitted, r.departed, r.rate_count, r.rate_window_ms, r.capacity, r.allowance, r.recent,
  r.pace_count, r.pace_span_ms, clock.at, (extract(epoch from clock.at - r.refilled_at) * 1000)::float8 as elapsed_ms`;

// Whole milliseconds, as everybody else will see them. The time is read once for all rooms.
export const ROOM_NOW = `waiting_room.room r
  cross join (select date_trunc('milliseconds', clock_timestamp()) as at) as clock`;

export interface RoomRow {
  readonly room: string;
  readonly epoch: number;
  readonly epoch_starts: readonly number[];
  readonly state: RoomState;
  readonly opens_at: string | null;
  readonly head: number;
  readonly last_number: number;
  readonly waiting: number;
  readonly active: number;
  readonly admitted: number;
  readonly departed: number;
  readonly rate_count: number | null;
  readonly rate_window_ms: number | null;
  readonly capacity: number | null;
  readonly allowance: number;
  readonly recent: readonly number[];
  readonly pace_count: number;
  readonly pace_span_ms: number;
  readonly at: string;
  readonly elapsed_ms: number;
}

export function toLockedRoom(row: RoomRow): LockedRoom {
  return {
    room: row.room,
    epoch: row.epoch,
    epochStarts: row.epoch_starts,
    state: row.state,
    opensAt: row.opens_at,
    head: row.head,
    lastNumber: row.last_number,
    waiting: row.waiting,
    active: row.active,
    admitted: row.admitted,
    departed: row.departed,
    policy: { rateCount: row.rate_count, rateWindowMs: row.rate_window_ms, capacity: row.capacity },
    pace: { count: row.pace_count, spanMs: row.pace_span_ms },
    bucket: { allowance: row.allowance, recent: toGroups(row.recent) },
    at: row.at,
    elapsedMs: row.elapsed_ms,
  };
}

/** Ages and counts in turn: half the size of named pairs, in a row that is written all the time. */
function toGroups(recent: readonly number[]): Group[] {
  return recent.flatMap((agoMs, index) =>
    index % 2 === 0 ? [{ agoMs, count: recent[index + 1] ?? 0 }] : [],
  );
}

/** As the text of an array: a set of rows takes no arrays of different lengths. */
export function fromGroups(groups: readonly Group[]): string {
  return `{${groups.flatMap(({ agoMs, count }) => [Math.floor(agoMs), count]).join(',')}}`;
}
