/**
 * Places that are watched: a stream gets its place when it opens, and from then on what moves.
 *
 * Once a second the rooms are looked at, which is one reading for all of them, and each room that has moved makes
 * one frame for all who wait in it: whoever knows how many were let in since knows how many are still ahead. Only
 * where that is not all, because people ahead have left, it is their turn, the room has another state or the estimate is
 * old, does a stream get its place anew. Turns are looked at as one set. While nobody watches, nothing runs.
 */
import type { Clock } from '../platform/clock.ts';
import type { EventSink } from '../platform/event-frame.ts';
import type { Logger } from '../platform/logger.ts';
import { createRepeat } from '../platform/repeat.ts';
import { placeFrame, roomFrame } from './answer.ts';
import type { TurnChecks } from './check-turns.ts';
import type { Turn } from './line.ts';
import type { Holder } from './place-token.ts';
import { isOfLine } from './room.ts';
import type { KnownRoom, RoomViews } from './room-view.ts';
import { aheadOf, calledStanding, isOver, type Standing, waitingStanding } from './standing.ts';

const TICK_MS = 1_000;
/** Telling ten thousand takes its time, and they are told once a second all the same. */
const REST_MS_MIN = 500;
/** Turns change seldom, and whoever acts on one sees it in the answer. */
const TICKS_PER_LOOK = 2;
/** The estimate is in the place alone. */
const PLACE_AGE_MAX_MS = 15_000;
/** Frames written without a pause: a few milliseconds. */
const FRAMES_MAX = 500;

export interface PlaceWatch {
  /** Tells the sink where its owner stands, and goes on until the signal fires or the place is over. */
  watch(holder: Holder, standing: Standing, sink: EventSink, signal: AbortSignal): void;
}

export interface PlaceWatchDeps {
  readonly views: Pick<RoomViews, 'find'>;
  readonly turns: Pick<TurnChecks, 'look'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Watcher {
  readonly holder: Holder;
  readonly sink: EventSink;
  /** As of its last `place`. */
  told: Standing;
  toldAtMs: number;
  /** The frame of the room that it knows, from itself or from a `place`. */
  heard: Buffer | undefined;
}

interface Message {
  readonly watcher: Watcher;
  readonly frame: () => Buffer;
}

interface WatchedRoom {
  readonly watchers: Set<Watcher>;
  frame: Buffer | undefined;
}

export function createPlaceWatch({ views, turns, clock, logger }: PlaceWatchDeps): PlaceWatch {
  const rooms = new Map<string, WatchedRoom>();
  let ticks = 0;
  let isFailing = false;

  const ticking = createRepeat({
    everyMs: TICK_MS,
    restMsMin: REST_MS_MIN,
    clock,
    work: async () => {
      ticks++;
      const outcomes = await Promise.allSettled([...rooms].map(([name, room]) => tick(name, room)));
      rethrow(outcomes);
      // A tick without a look at the turns says nothing about them.
      if (ticks % TICKS_PER_LOOK === 0) isFailing = false;
      return rooms.size > 0;
    },
    failed: (error) => {
      if (!isFailing) logger.warn({ err: error }, 'watched places are not told what moves, for a while');
      isFailing = true;
    },
  });

  async function tick(name: string, room: WatchedRoom): Promise<void> {
    const known = await views.find(name);
    if (known === undefined) return;
    // From here to the messages nothing is awaited: they are all of one moment.
    const called: Watcher[] = [];
    const messages: Message[] = [];
    const shared = frameOf(room, known);
    for (const watcher of room.watchers) {
      if (watcher.told.state === 'ACTIVE' || isCalled(watcher, known)) called.push(watcher);
      else messages.push(...tellWaiting(watcher, known, shared, clock));
    }
    await send(messages, clock);
    const isDue = ticks % TICKS_PER_LOOK === 0;
    const asking = called.filter((watcher) => isDue || watcher.told.state !== 'ACTIVE');
    const turnsNow = await Promise.allSettled(asking.map((watcher) => turns.look(watcher.holder)));
    // Whoever could not be asked about is asked about the next time.
    const news = asking.flatMap((watcher, index) => {
      const found = turnsNow[index];
      return found?.status === 'fulfilled' ? tellCalled(watcher, known, found.value, clock) : [];
    });
    await send(news, clock);
    rethrow(turnsNow);
  }

  return {
    watch: (holder, standing, sink, signal) => {
      sink.send(placeFrame(holder, standing));
      if (isOver(standing.state)) {
        sink.end();
        return;
      }
      const { room: name } = holder.place;
      const room = rooms.get(name) ?? { watchers: new Set(), frame: undefined };
      rooms.set(name, room);
      const toldAtMs = clock.monotonicMs();
      const watcher: Watcher = { holder, sink, told: standing, toldAtMs, heard: undefined };
      room.watchers.add(watcher);
      const leave = () => {
        room.watchers.delete(watcher);
        if (room.watchers.size === 0 && rooms.get(name) === room) rooms.delete(name);
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
      ticking.start();
    },
  };
}

/** The same bytes as long as nothing has moved. */
function frameOf(room: WatchedRoom, { view }: KnownRoom): Buffer {
  const frame = roomFrame(view);
  if (room.frame === undefined || !room.frame.equals(frame)) room.frame = frame;
  return room.frame;
}

function tellWaiting(watcher: Watcher, known: KnownRoom, shared: Buffer, clock: Clock): Message[] {
  const { told, toldAtMs, holder, heard } = watcher;
  const { number } = holder.place;
  watcher.heard = shared;
  if (known.departed.has(number)) {
    return [place(watcher, calledStanding(known.view, 'LEFT', null, number), clock)];
  }
  const now = waitingStanding(known.view, number, aheadOf(known, number), clock.wallMs());
  const isToldByRoom =
    told.ahead - (now.admitted - told.admitted) === now.ahead &&
    told.roomState === now.roomState &&
    told.roomOpensAt === now.roomOpensAt &&
    clock.monotonicMs() - toldAtMs < PLACE_AGE_MAX_MS;
  if (!isToldByRoom) return [place(watcher, now, clock)];
  return heard === shared ? [] : [{ watcher, frame: () => shared }];
}

function tellCalled(watcher: Watcher, { view }: KnownRoom, found: Turn | undefined, clock: Clock): Message[] {
  const { told, holder } = watcher;
  const turn = isOfLine(holder.place, view) ? found : undefined;
  const [state, expiresAt] = [turn?.state ?? 'EXPIRED', turn?.expiresAt ?? null];
  if (state === told.state && expiresAt === told.turnExpiresAt) return [];
  return [place(watcher, calledStanding(view, state, expiresAt, holder.place.number), clock)];
}

function place(watcher: Watcher, standing: Standing, clock: Clock): Message {
  watcher.told = standing;
  watcher.toldAtMs = clock.monotonicMs();
  return { watcher, frame: () => placeFrame(watcher.holder, standing) };
}

async function send(messages: readonly Message[], clock: Clock): Promise<void> {
  for (const [index, { watcher, frame }] of messages.entries()) {
    if (index > 0 && index % FRAMES_MAX === 0) await clock.sleep(0);
    watcher.sink.send(frame());
    if (isOver(watcher.told.state)) watcher.sink.end();
  }
}

function rethrow(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/** Past the head, or of a record of the line that is lost. */
function isCalled({ holder }: Watcher, { view }: KnownRoom): boolean {
  return holder.place.number <= view.head || !isOfLine(holder.place, view);
}
