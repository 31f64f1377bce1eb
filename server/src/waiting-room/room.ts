/** A room: what everybody may see of it, and how it stands under its lock. */
import type { RoomState } from '#contract/http/queue.ts';
import { admissions, type Policy, refill } from './policy.ts';

export interface RoomView {
  readonly room: string;
  readonly epoch: number;
  readonly state: RoomState;
  /** The highest number that was let in or passed over. */
  readonly head: number;
  readonly lastNumber: number;
  readonly waiting: number;
  readonly active: number;
  readonly policy: Policy;
}

/** A room as its locked row says. */
export interface LockedRoom extends RoomView {
  readonly allowance: number;
  /** Since the allowance was written down. */
  readonly elapsedMs: number;
}

/** What a transaction did to a room's places before it lets people in. */
export interface Movement {
  readonly joined?: number;
  /** Left the line without a turn. */
  readonly gaveUp?: number;
  /** Turns that are over. */
  readonly ended?: number;
  /** Turns that were over, and are open again. */
  readonly reopened?: number;
}

/** What is to be written: the room after the movement, and how many to let in on top. */
export interface Settlement {
  readonly room: string;
  readonly head: number;
  readonly lastNumber: number;
  readonly waiting: number;
  readonly active: number;
  readonly allowance: number;
  readonly elapsedMs: number;
  readonly admit: number;
}

export function settlement(room: LockedRoom, movement: Movement): Settlement {
  const { joined = 0, gaveUp = 0, ended = 0, reopened = 0 } = movement;
  const waiting = room.waiting + joined - gaveUp;
  const active = room.active - ended + reopened;
  const allowance = refill(room.policy, room);
  return {
    room: room.room,
    head: room.head,
    lastNumber: room.lastNumber + joined,
    waiting,
    active,
    allowance,
    elapsedMs: room.elapsedMs,
    admit: admissions(room.policy, { state: room.state, waiting, active }, allowance),
  };
}

/** Is there anybody to let in, or a bucket whose time lies in the future because the clock was set back? */
export function isDue(room: LockedRoom): boolean {
  return room.elapsedMs < 0 || settlement(room, {}).admit > 0;
}
