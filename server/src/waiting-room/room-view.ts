/**
 * What this instance knows of the rooms: one small query a few times a second while somebody asks, however
 * many ask. Standing in line is arithmetic over it.
 */
import type { Clock } from '../platform/clock.ts';
import type { RoomView } from './room.ts';

const FRESH_MS = 200;

export interface RoomViews {
  /** Not older than a moment, and not older than the number, which somebody was given already. */
  find(room: string, number?: number): Promise<RoomView | undefined>;
  /** Takes in what this instance just did to a room. */
  note(view: RoomView): void;
}

export function createRoomViews(deps: {
  readonly read: () => Promise<readonly RoomView[]>;
  readonly clock: Clock;
}): RoomViews {
  let views = new Map<string, RoomView>();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const startedMs = deps.clock.monotonicMs();
    const found = await deps.read();
    views = new Map(found.map((view) => [view.room, newer(views.get(view.room), view)]));
    readAtMs = startedMs;
  }

  function refresh(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  return {
    find: async (room, number = 0) => {
      const isBehind = () => (views.get(room)?.lastNumber ?? 0) < number;
      if (deps.clock.monotonicMs() - readAtMs >= FRESH_MS || isBehind()) await refresh();
      // That reading may have begun before the number was given; the next one has not.
      if (isBehind()) await refresh();
      return views.get(room);
    },
    note: (view) => {
      views.set(view.room, newer(views.get(view.room), view));
    },
  };
}

/** The head never goes back, whichever of two looks arrives first. */
function newer(before: RoomView | undefined, view: RoomView): RoomView {
  if (before?.epoch !== view.epoch) return view;
  const head = Math.max(before.head, view.head);
  const lastNumber = Math.max(before.lastNumber, view.lastNumber);
  return { ...view, head, lastNumber };
}
