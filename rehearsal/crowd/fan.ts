/** One fan: what they are going to do, what they have in hands, and what has become of them. */
import type { Chance } from '../../scripts/support/random.ts';
import type { Standing } from '../history/operation.ts';
import { type Api, type ApiDeps, type Caller, createApi } from './api.ts';
import type { FreeSeats } from './calls.ts';
import type { HoldTimes } from './hold-times.ts';
import { type Behaviour, type Plan, streamOf } from './plan.ts';

export const ENDINGS = [
  'bought',
  'sold out in line',
  'sold out at the seats',
  'gave up waiting',
  'found no seats',
  'changed their mind',
  'never paid',
  'paid too late',
  'money back',
  'turn ran out',
  'room closed',
  'service away',
  'stopped',
  'unexplained',
] as const;
export type Ending = (typeof ENDINGS)[number];

export interface End {
  readonly ending: Ending;
  /** What nobody expects is said in so many words. */
  readonly why?: string;
  /** The problem that nobody expects. */
  readonly problem?: string;
}

/** What a try to buy came to: over, or once more. */
export type Try = End | 'again';

/** What has become of a fan, for the report. Times as the recorder has them. */
export interface Story {
  readonly index: number;
  userId: string;
  number: number | null;
  arrivedMs: number;
  joinedMs: number | null;
  /** When they were first told that it is their turn. */
  admittedMs: number | null;
  endedMs: number;
  end: End | null;
  seats: number;
  paidKrw: number;
  /** How often somebody else was quicker. */
  lostChoices: number;
  /** Some behaviours need an occasion, so not everybody who would does. */
  readonly did: Set<Behaviour>;
  readonly reservations: Set<string>;
}

export interface Target {
  readonly performanceId: number;
  readonly room: string;
  readonly seatCount: number;
  readonly seatsPerPerson: number;
  readonly priceKrwMax: number;
}

/** What all fans share. */
export interface Crowd {
  readonly seed: number;
  readonly target: Target;
  /** When its signal fires, everybody goes home. */
  readonly api: ApiDeps;
  readonly holds: HoldTimes;
  /** As the organiser announces it: nothing is free, and nothing is held that could come free. */
  readonly isSoldOut: () => boolean;
}

export interface Fan {
  readonly plan: Plan;
  readonly crowd: Crowd;
  readonly story: Story;
  readonly caller: Caller;
  readonly api: Api;
  /** Which seats, and how long until the next look: this fan's own chance. */
  readonly seats: Chance;
  account: string;
  token: string;
  place: { standing: Standing; etag: string | undefined; pollAfterMs: number } | undefined;
  map: { seen: FreeSeats; free: readonly number[]; etag: string | undefined } | undefined;
  keys: number;
  /** What a hold costs is known with its answer. */
  open: { readonly reservationId: string; readonly amountKrw: number } | undefined;
}

export function createFan(plan: Plan, crowd: Crowd): Fan {
  const caller: Caller = { userId: '', device: 0, instance: plan.index % crowd.api.exchange.instances };
  return {
    plan,
    crowd,
    caller,
    api: createApi(caller, streamOf(crowd.seed, plan.index, 'pauses'), crowd.api),
    seats: streamOf(crowd.seed, plan.index, 'seats'),
    account: '',
    token: '',
    place: undefined,
    map: undefined,
    keys: 0,
    open: undefined,
    story: {
      index: plan.index,
      userId: '',
      number: null,
      arrivedMs: 0,
      joinedMs: null,
      admittedMs: null,
      endedMs: 0,
      end: null,
      seats: 0,
      paidKrw: 0,
      lostChoices: 0,
      did: new Set(),
      reservations: new Set(),
    },
  };
}

/** A fresh key: of this fan's n-th action that must not happen twice. */
export function nextKey(fan: Fan): string {
  fan.keys += 1;
  return `rehearsal-${fan.crowd.seed}-${fan.plan.index}-${fan.keys}`;
}

export function pause(fan: Fan, ms: number): Promise<void> {
  return fan.crowd.api.pause(ms);
}

export function isStopped(fan: Fan): boolean {
  return fan.crowd.api.signal.aborted;
}

/** Of a request whose outcome ends the visit: expected refusals have an ending of their own. */
export function endOf(
  { outcome, problem = '', status }: { outcome: string; problem?: string; status: number },
  doing: string,
): End {
  const why = `${doing}: ${problem} (${status})`;
  if (outcome === 'unknown') return { ending: status === 500 ? 'unexplained' : 'service away', why, problem };
  const known = EXPECTED[problem];
  return { ending: known ?? 'unexplained', why, problem };
}

const EXPECTED: Readonly<Record<string, Ending>> = {
  'queue.turn-over': 'turn ran out',
  'queue.turn-ending': 'turn ran out',
  'queue.not-admitted': 'turn ran out',
  'queue.room-closed': 'room closed',
  'queue.room-not-open': 'room closed',
  'sale.not-open': 'room closed',
  'payment.lapsed': 'paid too late',
};
