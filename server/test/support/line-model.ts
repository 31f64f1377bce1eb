/**
 * What a room of the line is, in the simplest words: a list of places, and a walk over all of it for each
 * question. Time is a number that only the test moves. How many the rate lets in is asked of the policy, which has
 * properties of its own; everything else is decided here anew.
 */
import type { PlaceState, RoomState } from '#contract/http/queue.ts';
import {
  admissions,
  type Bucket,
  bucketMax,
  carryOver,
  type Policy,
  refill,
  take,
} from '../../src/waiting-room/policy.ts';

export const TIMES = { activeTtlMs: 600_000, claimWindowMs: 120_000 };
/** What an open hold adds to its own end. */
const HOLD_MARGIN_MS = 30_000;

export interface ModelPlace {
  readonly number: number;
  readonly user: number;
  state: PlaceState;
  admittedMs: number | null;
  claimed: boolean;
  expiresMs: number;
  holdsUntilMs: number;
  reservation: string | null;
  departure: number | null;
}

export interface ModelJoin {
  readonly fresh: boolean;
  readonly number: number;
  readonly state: PlaceState;
}

export class LineModel {
  nowMs = 0;
  state: RoomState = 'OPEN';
  opensAtMs: number | null = null;
  policy: Policy;
  readonly places: ModelPlace[] = [];
  /** Each with the rate that let it in. */
  readonly admitted: { atMs: number; policy: Policy }[] = [];
  departed = 0;
  #bucket: Bucket;
  #settledMs = 0;

  constructor(policy: Policy) {
    this.policy = policy;
    this.#bucket = { allowance: bucketMax(policy), recent: [] };
  }

  count(state: PlaceState): number {
    return this.places.filter((place) => place.state === state).length;
  }

  get head(): number {
    return this.places.findLast((place) => place.admittedMs !== null)?.number ?? 0;
  }

  /** Who really stands in front. */
  ahead(number: number): number {
    return this.places.filter((place) => place.state === 'WAITING' && place.number < number).length;
  }

  get isOpened(): boolean {
    return this.opensAtMs === null || this.nowMs >= this.opensAtMs;
  }

  join(users: readonly number[]): (ModelJoin | 'queue.room-closed' | 'queue.room-not-open')[] {
    const before = this.places.length;
    const joins = users.map((user) => {
      const live = this.places.find((place) => place.user === user && isLive(place));
      if (live !== undefined) return { place: live, fresh: false };
      if (this.state === 'CLOSED') return 'queue.room-closed';
      if (!this.isOpened) return 'queue.room-not-open';
      const place: ModelPlace = {
        number: this.places.length + 1,
        user,
        state: 'WAITING',
        admittedMs: null,
        claimed: false,
        expiresMs: 0,
        holdsUntilMs: 0,
        reservation: null,
        departure: null,
      };
      this.places.push(place);
      return { place, fresh: true };
    });
    const here = joins.flatMap((join) => (typeof join === 'string' ? [] : [join.place]));
    if (this.places.length > before) this.#settle(new Set(here));
    this.claim(here.map((place) => place.number));
    return joins.map((join) => {
      if (typeof join === 'string') return join;
      const { place, fresh } = join;
      const isOver = place.state === 'ACTIVE' && place.expiresMs <= this.nowMs;
      return { fresh, number: place.number, state: isOver ? 'EXPIRED' : place.state };
    });
  }

  claim(numbers: readonly number[]): void {
    for (const place of this.#named(numbers)) {
      if (place.state !== 'ACTIVE' || place.claimed || place.expiresMs <= this.nowMs) continue;
      place.claimed = true;
      place.holdsUntilMs = this.nowMs + TIMES.activeTtlMs;
      place.expiresMs = Math.max(place.expiresMs, place.holdsUntilMs);
    }
  }

  /** A set leaves in the order of its numbers. */
  leave(numbers: readonly number[]): void {
    const leaving = this.#named(numbers).filter(isLive);
    for (const place of leaving.toSorted((a, b) => a.number - b.number)) {
      if (place.state === 'WAITING') place.departure = ++this.departed;
      place.state = 'LEFT';
    }
    if (leaving.length > 0) this.#settle();
  }

  spend(number: number, reservation: string): string {
    const [place] = this.#named([number]);
    if (place === undefined || place.admittedMs === null) return 'not-active';
    if (place.reservation !== null) return place.reservation === reservation ? 'repeated' : 'already-spent';
    place.reservation = reservation;
    place.state = 'SPENT';
    this.#settle();
    return 'done';
  }

  /** A hold that ends so late was made on the turn. */
  extend(number: number, holdMs: number): void {
    const [place] = this.#named([number]);
    if (place === undefined) return;
    const endsMs = this.nowMs + holdMs + HOLD_MARGIN_MS;
    if (place.state === 'ACTIVE') place.expiresMs = Math.max(place.expiresMs, endsMs);
    const isBack = this.places.some((other) => other.user === place.user && isLive(other));
    if (place.state !== 'EXPIRED' || isBack) return;
    place.state = 'ACTIVE';
    place.expiresMs = endsMs;
    this.#settle();
  }

  tick(): void {
    for (const place of this.places) {
      if (place.state === 'ACTIVE' && place.expiresMs < this.nowMs) place.state = 'EXPIRED';
    }
    this.#settle();
  }

  change(change: { policy?: Policy; state?: RoomState; opensAtMs?: number | null }): void {
    this.#pass();
    const { policy = this.policy, state = this.state, opensAtMs = this.opensAtMs } = change;
    const isSameRate =
      policy.rateCount === this.policy.rateCount && policy.rateWindowMs === this.policy.rateWindowMs;
    const windowMs = policy.rateWindowMs ?? 0;
    const recent = this.admitted
      .map(({ atMs }) => ({ agoMs: this.nowMs - atMs, count: 1 }))
      .filter(({ agoMs }) => agoMs < windowMs);
    this.#bucket = carryOver(policy, this.#bucket, isSameRate ? this.#bucket.recent : recent);
    Object.assign(this, { policy, state, opensAtMs });
    this.#settle();
  }

  /** Windows in which more came than the rate of that moment allowed. */
  overfull(): number[] {
    return this.admitted.flatMap(({ atMs, policy }, index) => {
      const { rateCount, rateWindowMs } = policy;
      if (rateCount === null || rateWindowMs === null) return [];
      const within = this.admitted.slice(0, index + 1).filter((other) => atMs - other.atMs < rateWindowMs);
      return within.length > rateCount ? [atMs] : [];
    });
  }

  #named(numbers: readonly number[]): ModelPlace[] {
    return this.places.filter((place) => numbers.includes(place.number));
  }

  #pass(): void {
    this.#bucket = refill(this.policy, this.#bucket, this.nowMs - this.#settledMs);
    this.#settledMs = this.nowMs;
  }

  #settle(here: ReadonlySet<ModelPlace> = new Set()): void {
    this.#pass();
    if (!this.isOpened) return;
    const crowd = { state: this.state, waiting: this.count('WAITING'), active: this.count('ACTIVE') };
    const count = admissions(this.policy, crowd, this.#bucket);
    this.#bucket = take(this.policy, this.#bucket, count);
    for (const place of this.places.filter(({ state }) => state === 'WAITING').slice(0, count)) {
      place.state = 'ACTIVE';
      place.admittedMs = this.nowMs;
      place.claimed = here.has(place);
      place.expiresMs = this.nowMs + (place.claimed ? TIMES.activeTtlMs : TIMES.claimWindowMs);
      place.holdsUntilMs = place.expiresMs;
      this.admitted.push({ atMs: this.nowMs, policy: this.policy });
    }
  }
}

function isLive({ state }: ModelPlace): boolean {
  return state === 'WAITING' || state === 'ACTIVE';
}
