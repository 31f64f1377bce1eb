/** A room: what everybody may see of it, and how it stands under its lock. */
import type { RoomState } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import { faded, NO_PACE, type Pace, PACE_AGE_MAX_MS, watched } from './pace.ts';
import {
  admissions,
  type Bucket,
  carryOver,
  type Group,
  type Policy,
  rateDueMs,
  refill,
  take,
} from './policy.ts';

export interface RoomView {
  readonly room: string;
  readonly epoch: number;
  /** The first number of each epoch, from the first epoch on. */
  readonly epochStarts: readonly number[];
  readonly state: RoomState;
  /** Nobody joins or is let in before it; null: open since it was made. */
  readonly opensAt: string | null;
  /** The highest number that was let in or passed over. */
  readonly head: number;
  readonly lastNumber: number;
  readonly waiting: number;
  readonly active: number;
  /** How many were let in, ever. */
  readonly admitted: number;
  /** How many left while they waited, ever. */
  readonly departed: number;
  readonly policy: Policy;
  readonly pace: Pace;
}

/** A room as its locked row says. */
export interface LockedRoom extends RoomView {
  readonly bucket: Bucket;
  /**
   * The time of whatever is done to the room now, by the store's clock, in whole milliseconds. One time for all of
   * it: turns that follow each other do not overlap, and the record shows the rate as it was kept.
   */
  readonly at: string;
  /** Since the room was last written. */
  readonly elapsedMs: number;
}

/** What the organiser decides about a room. */
export interface Terms {
  readonly policy: Policy;
  readonly state: RoomState;
  readonly opensAt: string | null;
  /** Who was let in within the last window of this policy, if its rate is another one. */
  readonly recent?: readonly Group[];
}

/** What a transaction does to a room and its places before it lets people in. */
export interface Movement {
  readonly joined?: number;
  /** Left the line without a turn. */
  readonly gaveUp?: number;
  /** Turns that are over. */
  readonly ended?: number;
  /** Turns that were over, and are open again. */
  readonly reopened?: number;
  readonly terms?: Terms;
  /** The numbers whose owners are here, waiting for the answer of this very transaction. */
  readonly here?: ReadonlySet<number>;
}

/** What is to be written: the room after the movement, and how many to let in on top. */
export interface Settlement {
  readonly room: LockedRoom;
  readonly admit: number;
  /** People waited before: who is let in shows how fast that goes. */
  readonly isMeasured: boolean;
}

export function settlement(room: LockedRoom, movement: Movement): Settlement {
  const { joined = 0, gaveUp = 0, ended = 0, reopened = 0, terms } = movement;
  const now = withTerms(untilNow(room), terms);
  const moved: LockedRoom = {
    ...now,
    lastNumber: room.lastNumber + joined,
    waiting: room.waiting + joined - gaveUp,
    active: room.active - ended + reopened,
    departed: room.departed + gaveUp,
  };
  return {
    room: moved,
    admit: hasOpened(moved) ? admissions(moved.policy, moved, moved.bucket) : 0,
    isMeasured: isMoving(room) && isSamePolicy(room.policy, moved.policy),
  };
}

/** Whom to let in, and how far that comes: everybody else up to the head has left. */
export interface Calling {
  readonly numbers: readonly number[];
  readonly head: number;
}

/** The room with these numbers let in. */
export function admitted({ room, isMeasured }: Settlement, calling?: Calling): LockedRoom {
  const count = calling?.numbers.length ?? 0;
  return {
    ...room,
    head: Math.max(room.head, calling?.head ?? 0),
    waiting: room.waiting - count,
    active: room.active + count,
    admitted: room.admitted + count,
    bucket: take(room.policy, room.bucket, count),
    pace: isMeasured ? { ...room.pace, count: room.pace.count + count } : room.pace,
  };
}

/** What time alone does: the bucket fills, the pace fades and is watched. */
function untilNow(room: LockedRoom): LockedRoom {
  return {
    ...room,
    bucket: refill(room.policy, room.bucket, room.elapsedMs),
    pace: watched(faded(room.pace, room.elapsedMs), waitedMs(room)),
    elapsedMs: 0,
  };
}

/** Up to this moment the old terms held. A pace that was measured under another policy says nothing. */
function withTerms(room: LockedRoom, terms: Terms | undefined): LockedRoom {
  if (terms === undefined) return room;
  const { policy, state, opensAt, recent = room.bucket.recent } = terms;
  const pace = isSamePolicy(room.policy, policy) ? room.pace : NO_PACE;
  return { ...room, policy, state, opensAt, pace, bucket: carryOver(policy, room.bucket, recent) };
}

function isSamePolicy(one: Policy, other: Policy): boolean {
  return isSameRate(one, other) && one.capacity === other.capacity;
}

export function isSameRate(one: Policy, other: Policy): boolean {
  return one.rateCount === other.rateCount && one.rateWindowMs === other.rateWindowMs;
}

/**
 * Whether a place is one of this line, and not of a life of the data that is lost: there numbers were given beyond those
 * of their epoch. Whose the number is only its row can say.
 */
export function isOfLine(
  { epoch, number }: Pick<Place, 'epoch' | 'number'>,
  { epochStarts }: Pick<RoomView, 'epochStarts'>,
): boolean {
  const [from, to] = [epochStarts[epoch - 1], epochStarts[epoch]];
  return from !== undefined && number >= from && (to === undefined || number < to);
}

/** Whether a look at a room shows less than an earlier one did: commits are lost. */
export function hasLost(view: RoomView, than: RoomView): boolean {
  return (
    view.head < than.head ||
    view.lastNumber < than.lastNumber ||
    view.admitted < than.admitted ||
    view.departed < than.departed
  );
}

/** The same line, in which all that is given from now on is told apart from what was given and lost. */
export function inNextEpoch(room: LockedRoom): LockedRoom {
  return { ...room, epoch: room.epoch + 1, epochStarts: [...room.epochStarts, room.lastNumber + 1] };
}

export function hasOpened({ opensAt, at }: Pick<LockedRoom, 'opensAt' | 'at'>): boolean {
  return sinceOpeningMs({ opensAt, at }) >= 0;
}

function sinceOpeningMs({ opensAt, at }: Pick<LockedRoom, 'opensAt' | 'at'>): number {
  return opensAt === null ? Number.POSITIVE_INFINITY : Date.parse(at) - Date.parse(opensAt);
}

/** People wait, and it is the policy alone that decides how fast they are let in. */
function isMoving(room: LockedRoom): boolean {
  return room.state === 'OPEN' && room.waiting > 0 && hasOpened(room);
}

/** For how long, since the room was last written, that was so. */
function waitedMs(room: LockedRoom): number {
  return isMoving(room) ? Math.max(0, Math.min(room.elapsedMs, sinceOpeningMs(room))) : 0;
}

/**
 * Is there anybody to let in, a pace to be written down, or a room that was written in the future, because the
 * clock was set back?
 */
export function isDue(room: LockedRoom): boolean {
  return room.elapsedMs < 0 || waitedMs(room) >= PACE_AGE_MAX_MS || settlement(room, {}).admit > 0;
}

/** When time alone will let somebody in, as far as is known. */
export function dueInMs(room: LockedRoom): number {
  const { room: now, admit } = settlement(room, {});
  if (admit > 0) return 0;
  const isFull = now.policy.capacity !== null && now.active >= now.policy.capacity;
  if (now.state !== 'OPEN' || now.waiting === 0 || isFull) return Number.POSITIVE_INFINITY;
  return Math.max(-sinceOpeningMs(now), rateDueMs(now.policy, now.bucket));
}

/** What everybody may see. */
export function viewOf(room: LockedRoom): RoomView {
  const { bucket: _, at: __, elapsedMs: ___, ...view } = room;
  return view;
}
