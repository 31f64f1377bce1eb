/**
 * What a room of the line is, in the simplest words: a list of places, and a walk over all of it for each
 * question. Time is a number that only the test moves. Whom the room let in is taken from the room; that it was
 * allowed to, and had to, is said here anew, of the admissions alone. It is the module's own model, with rates, moved
 * terms and many people in one call; that of the whole service (`server/test/model/line.ts`) needs only what other
 * modules and HTTP see of a line.
 */
import type { PlaceState, RoomState } from '#contract/http/queue.ts';
import { ACTIVE_TTL_MS, CLAIM_WINDOW_MS } from '../../src/waiting-room/line-bench.contract.ts';
import type { Policy } from '../../src/waiting-room/policy.ts';

/** What a run may take on top of the minutes that it moves: the rate goes on meanwhile. */
export const DRIFT_MAX_MS = 3_000;
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

type JoinProblem = 'queue.room-closed' | 'queue.room-not-open' | 'queue.turn-ending';

export class LineModel {
  nowMs = 0;
  state: RoomState = 'OPEN';
  opensAtMs: number | null = null;
  policy: Policy;
  readonly places: ModelPlace[] = [];
  /** Each with the terms that let it in. */
  readonly admitted: { atMs: number; policy: Policy }[] = [];
  departed = 0;
  /** The numbers that the room has let in by now; to be told before each thing that is done to it. */
  called: ReadonlySet<number> = new Set();
  /** What the room must not have done, or failed to do. */
  readonly broken: string[] = [];
  #rateSinceMs = 0;
  /** Of the admissions, those before the present rate. */
  #beforeRate = 0;

  constructor(policy: Policy) {
    this.policy = policy;
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

  join(users: readonly number[]): (ModelJoin | JoinProblem)[] {
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
      return isOver ? 'queue.turn-ending' : { fresh, number: place.number, state: place.state };
    });
  }

  claim(numbers: readonly number[]): void {
    for (const place of this.#named(numbers)) {
      if (place.state !== 'ACTIVE' || place.claimed || place.expiresMs <= this.nowMs) continue;
      place.claimed = true;
      place.holdsUntilMs = this.nowMs + ACTIVE_TTL_MS;
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
    const { policy = this.policy, state = this.state, opensAtMs = this.opensAtMs } = change;
    const isSameRate =
      policy.rateCount === this.policy.rateCount && policy.rateWindowMs === this.policy.rateWindowMs;
    if (!isSameRate) [this.#rateSinceMs, this.#beforeRate] = [this.nowMs, this.admitted.length];
    Object.assign(this, { policy, state, opensAtMs });
    this.#settle();
  }

  #named(numbers: readonly number[]): ModelPlace[] {
    return this.places.filter((place) => numbers.includes(place.number));
  }

  #settle(here: ReadonlySet<ModelPlace> = new Set()): void {
    const waiting = this.places.filter(({ state }) => state === 'WAITING');
    const called = waiting.filter(({ number }) => this.called.has(number));
    for (const place of called) {
      place.state = 'ACTIVE';
      place.admittedMs = this.nowMs;
      place.claimed = here.has(place);
      place.expiresMs = this.nowMs + (place.claimed ? ACTIVE_TTL_MS : CLAIM_WINDOW_MS);
      place.holdsUntilMs = place.expiresMs;
      this.admitted.push({ atMs: this.nowMs, policy: this.policy });
    }
    if (called.length > 0) {
      this.#demand('those who came first come in first', !called.some((place, at) => place !== waiting[at]));
      this.#demand('nobody comes through a closed door', this.#isDoorOpen);
      this.#demand('nobody comes into a full room', this.count('ACTIVE') <= this.#capacity);
      this.#demand('no window has more than the rate', this.#inWindow <= this.#rateCount);
      this.#demand('people come evenly', this.#isEven());
    }
    const isStuck = this.#isDoorOpen && called.length < waiting.length && this.#mustLetIn();
    this.#demand('somebody comes in when everything allows it', !isStuck);
  }

  #demand(what: string, isSo: boolean): void {
    if (!isSo) this.broken.push(`${what}: not so at ${this.nowMs} ms`);
  }

  get #isDoorOpen(): boolean {
    return this.state === 'OPEN' && this.isOpened;
  }

  get #capacity(): number {
    return this.policy.capacity ?? Infinity;
  }

  get #rateCount(): number {
    return this.policy.rateCount ?? Infinity;
  }

  /** How many came within the window that ends now, under whatever rate. */
  get #inWindow(): number {
    const windowMs = this.policy.rateWindowMs ?? 0;
    return this.admitted.filter(({ atMs }) => this.nowMs - atMs < windowMs).length;
  }

  /** From whomever on one counts: at once a tenth of the rate, or a second's worth, or one; and then at the rate. */
  #isEven(): boolean {
    const { rateCount, rateWindowMs } = this.policy;
    if (rateCount === null || rateWindowMs === null) return true;
    const perMs = rateCount / rateWindowMs;
    const atOnce = Math.max(1, rateCount / 10, perMs * 1_000);
    const came = this.admitted.slice(this.#beforeRate);
    return came.every(
      ({ atMs }, index) => came.length - index <= atOnce + (this.nowMs - atMs + DRIFT_MAX_MS) * perMs,
    );
  }

  /** There is space, the window has room, and nobody has come for as long as the rate gives to one person. */
  #mustLetIn(): boolean {
    if (this.count('ACTIVE') >= this.#capacity) return false;
    const { rateCount, rateWindowMs } = this.policy;
    if (rateCount === null || rateWindowMs === null) return true;
    const quietSinceMs = Math.max(this.#rateSinceMs, this.admitted.at(-1)?.atMs ?? 0);
    return this.#inWindow < rateCount && this.nowMs - quietSinceMs >= rateWindowMs / rateCount;
  }
}

function isLive({ state }: ModelPlace): boolean {
  return state === 'WAITING' || state === 'ACTIVE';
}
