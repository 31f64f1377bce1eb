/**
 * What the world sees of a board: a map at most every quarter of a second, and what has changed from one to the
 * next. Maps and changes are made of the same published states, so that a map and the changes after it are exactly
 * the map that follows. Nothing is made unless somebody looks or listens.
 */
import type { Clock } from '../platform/clock.ts';
import { eventFrame, type EventSink } from '../platform/event-frame.ts';
import type { SeatBoard } from './board.ts';
import { SeatMap, stateIn } from './seat-map.ts';

export interface Listener extends EventSink {
  /** Fires when it has ended. */
  readonly signal: AbortSignal;
}

export interface PublishedBoard {
  /** As of a quarter of a second ago at the most. */
  map(): SeatMap;
  /** Tells first what has changed since the version that the listener has, then each change, until it ends. */
  listen(listener: Listener, knownVersion: string | undefined): void;
  /** Publishes when it is time and somebody listens. True: somebody does. */
  tick(): boolean;
  /** No more will be known: who listens is told to get the map anew. */
  close(): void;
}

export interface PublishingLimits {
  readonly everyMs: number;
  /** Publications whose changes are remembered: at the full pace, longer than a client takes to come back. */
  readonly rememberedMax: number;
  /** Changes in one frame. With more the map is smaller, and a frame must not fill what a stream may keep unsent. */
  readonly changesMax: number;
}

/** Without an id: what a client sends back must name a map that it has. */
const RELOAD = eventFrame({ event: 'reload', data: {} });

export function publishBoard(
  board: SeatBoard,
  deps: { readonly clock: Clock; readonly limits: PublishingLimits; readonly onListener: () => void },
): PublishedBoard {
  const { clock, limits } = deps;
  const listeners = new Set<Listener>();
  const changes = createChanges(limits);
  /** Frames that lead from a version to the published one: a crowd that comes back shares them. */
  const frames = new Map<string, Buffer>();
  board.takeChanged();
  let published = snapshot(board);
  let publishedAtMs = clock.monotonicMs();
  let isClosed = false;

  function publishWhenDue(): void {
    const before = published.content.version;
    if (clock.monotonicMs() - publishedAtMs < limits.everyMs || board.version === before) return;
    const seatNos = board.takeChanged();
    published = snapshot(board);
    publishedAtMs = clock.monotonicMs();
    changes.add(before, seatNos);
    frames.clear();
    if (listeners.size === 0) return;
    const frame = frameFrom(before);
    for (const listener of listeners) listener.send(frame);
  }

  function frameFrom(version = ''): Buffer {
    const shared = frames.get(version);
    if (shared !== undefined) return shared;
    const seatNos = version === published.content.version ? [] : changes.since(version);
    if (seatNos === undefined) return RELOAD;
    const frame = seatsFrame(version, published, seatNos);
    frames.set(version, frame);
    return frame;
  }

  return {
    map: () => {
      publishWhenDue();
      return published;
    },
    listen(listener, knownVersion) {
      publishWhenDue();
      if (listener.signal.aborted) return;
      listener.send(isClosed ? RELOAD : frameFrom(knownVersion));
      if (isClosed) return listener.end();
      listeners.add(listener);
      listener.signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
      deps.onListener();
    },
    tick: () => {
      if (listeners.size > 0) publishWhenDue();
      return listeners.size > 0;
    },
    close: () => {
      isClosed = true;
      for (const listener of listeners) {
        listener.send(RELOAD);
        listener.end();
      }
      listeners.clear();
    },
  };
}

/** What has changed from one publication to the next, for as many of them as are remembered. */
function createChanges(limits: PublishingLimits) {
  /** Oldest first, without a gap, up to what is published. */
  let steps: { readonly before: string; readonly seatNos: readonly number[] }[] = [];
  return {
    add(before: string, seatNos: readonly number[]): void {
      steps.push({ before, seatNos });
      let sum = 0;
      const tooFar = steps.findLastIndex((step) => (sum += step.seatNos.length) > limits.changesMax);
      steps = steps.slice(Math.max(tooFar + 1, steps.length - limits.rememberedMax));
    },
    /** Undefined when it is not remembered, or was never a version of this board. */
    since(version: string): number[] | undefined {
      const first = steps.findIndex((step) => step.before === version);
      if (first === -1) return undefined;
      return [...new Set(steps.slice(first).flatMap((step) => step.seatNos))];
    },
  };
}

function snapshot(board: SeatBoard): SeatMap {
  const { performanceId, version, seatCount, counts, packed } = board;
  return new SeatMap({ performanceId, version, seatCount, remaining: counts.free, packed: packed.slice() });
}

function seatsFrame(since: string, { content }: SeatMap, seatNos: readonly number[]): Buffer {
  const { version, remaining } = content;
  const changes = seatNos.map((seatNo) => [seatNo, stateIn(content, seatNo)]);
  return eventFrame({ event: 'seats', id: version, data: { since, version, remaining, changes } });
}
