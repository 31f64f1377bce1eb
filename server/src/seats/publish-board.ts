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

/** From one version to the next. */
interface Step {
  readonly before: string;
  readonly seatNos: readonly number[];
}

/** Without an id: what a client sends back must name a map that it has. */
const RELOAD = eventFrame({ event: 'reload', data: {} });

export function publishBoard(
  board: SeatBoard,
  deps: { readonly clock: Clock; readonly limits: PublishingLimits; readonly onListener: () => void },
): PublishedBoard {
  const { clock, limits } = deps;
  const listeners = new Set<Listener>();
  /** Oldest first, without a gap, up to what is published. */
  let steps: Step[] = [];
  /** Frames that lead from a version to the published one: a crowd that comes back shares them. */
  const frames = new Map<string, Buffer>();
  board.takeChanged();
  let published = snapshot(board);
  let publishedAtMs = clock.monotonicMs();
  let isClosed = false;

  function publishWhenDue(): void {
    if (clock.monotonicMs() - publishedAtMs < limits.everyMs || board.version === published.content.version)
      return;
    const before = published.content.version;
    const seatNos = board.takeChanged();
    published = snapshot(board);
    publishedAtMs = clock.monotonicMs();
    remember({ before, seatNos });
    frames.clear();
    if (listeners.size === 0) return;
    const frame = frameFrom(before);
    for (const listener of listeners) listener.send(frame);
  }

  function remember(step: Step): void {
    steps.push(step);
    let changes = 0;
    const kept = steps.findLastIndex(({ seatNos }) => (changes += seatNos.length) > limits.changesMax) + 1;
    steps = steps.slice(Math.max(kept, steps.length - limits.rememberedMax));
  }

  function frameFrom(version: string | undefined): Buffer {
    const shared = version === undefined ? undefined : frames.get(version);
    if (shared !== undefined) return shared;
    const changed = version === undefined ? undefined : changedSince(version);
    if (version === undefined || changed === undefined) return RELOAD;
    const frame = seatsFrame(version, published, changed);
    frames.set(version, frame);
    return frame;
  }

  /** Undefined when it is not remembered, or was never a version of this board. */
  function changedSince(version: string): number[] | undefined {
    if (version === published.content.version) return [];
    const first = steps.findIndex((step) => step.before === version);
    if (first === -1) return undefined;
    return [...new Set(steps.slice(first).flatMap((step) => step.seatNos))];
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

function snapshot(board: SeatBoard): SeatMap {
  const { performanceId, version, seatCount, counts, packed } = board;
  return new SeatMap({ performanceId, version, seatCount, remaining: counts.free, packed: packed.slice() });
}

function seatsFrame(since: string, { content }: SeatMap, seatNos: readonly number[]): Buffer {
  const { version, remaining } = content;
  const changes = seatNos.map((seatNo) => [seatNo, stateIn(content, seatNo)]);
  return eventFrame({ event: 'seats', id: version, data: { since, version, remaining, changes } });
}
