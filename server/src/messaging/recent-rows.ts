/**
 * Rows of the log that this instance appended itself, as it appended them. Each is read by several readers within
 * milliseconds: whether it is committed and below the horizon only the log can say, but what is in it need not be written
 * out by the server, sent and decoded again for each of them.
 */
import type { AnyEvent } from '#contract/events.ts';
import type { Position } from './log.ts';

export interface AppendedRow extends Position {
  readonly events: readonly AnyEvent[];
}

export interface RecentRows {
  /** After their commit. */
  keep(rows: readonly AppendedRow[]): void;
  /** Those with a higher id. */
  after(id: number): AppendedRow[];
  /** The data have begun another life, in which the positions of lost rows are used again. */
  forget(): void;
}

/** Far more than lies between a commit and the last reader that takes its row; a stalled reader reads from the server. */
const EVENTS_MAX = 16_384;
const ROWS_MAX = 256;

export function createRecentRows(): RecentRows {
  /** In the order of their commits, which is not always that of their ids. */
  const rows = new Map<number, AppendedRow>();
  let events = 0;

  function drop(row: AppendedRow | undefined): void {
    if (row === undefined) return;
    rows.delete(row.id);
    events -= row.events.length;
  }

  return {
    keep(appended) {
      for (const row of appended) {
        drop(rows.get(row.id));
        rows.set(row.id, row);
        events += row.events.length;
      }
      while (rows.size > ROWS_MAX || events > EVENTS_MAX) drop(rows.values().next().value);
    },
    after: (id) => [...rows.values()].filter((row) => row.id > id),
    forget() {
      rows.clear();
      events = 0;
    },
  };
}
