/** A line as it should be, with two instances that know it a little later. */
import type { PlaceState } from '#contract/http/queue.ts';
import type { Standing } from '../operation.ts';
import type { Answered } from '../recorder.ts';
import type { Nature } from './nature.ts';

interface Place {
  readonly number: number;
  readonly userId: string;
  state: PlaceState;
}

/** What an instance knows: who stood where at some moment. */
interface View {
  readonly atMs: number;
  readonly version: number;
  readonly standings: ReadonlyMap<number, Standing>;
}

/** One's place as it is told; the version is handed back with the next look. */
export interface Looked {
  readonly answer: Answered<'look'>;
  readonly version: number;
}

const CAPACITY = 4;
const VIEW_AGE_MS = 200;
const TURN_MS = 4_000;

export class SimulatedLine {
  readonly #nature: Nature;
  readonly #places: Place[] = [];
  readonly #views: View[][] = [[], []];
  #lastNumber = 0;
  #version = 0;

  constructor(nature: Nature) {
    this.#nature = nature;
  }

  join(userId: string): Answered<'join'> {
    const { goesWrong } = this.#nature;
    let live = this.#liveOf(userId);
    if (
      live !== undefined &&
      live.state === 'WAITING' &&
      goesWrong('gives those who join again another place')
    ) {
      this.#places.splice(this.#places.indexOf(live), 1);
      live = undefined;
    }
    const place = live ?? this.#give(userId);
    this.#admit();
    const told = { ...standingOf(this.#places, place), fresh: live === undefined };
    return { status: live === undefined ? 201 : 200, outcome: 'ok', told };
  }

  /** Of a number, wherever it is now. */
  look(number: number, instance: number, seen: number): Looked {
    const { goesWrong, time, chance } = this.#nature;
    const views = this.#views[instance] ?? [];
    const latest = views.at(-1);
    const isBehind = latest === undefined || latest.version < seen || !latest.standings.has(number);
    if (isBehind || time.nowMs() - latest.atMs > VIEW_AGE_MS) {
      const standings = new Map(this.#places.map((place) => [place.number, standingOf(this.#places, place)]));
      views.push({ atMs: time.nowMs(), version: this.#version, standings });
    }
    const isOld = goesWrong('shows positions of long ago');
    const view = isOld ? chance.oneOf(views) : views.at(-1);
    const told = view?.standings.get(number);
    if (told === undefined) {
      return { answer: { status: 401, outcome: 'refused', problem: 'queue.token-invalid' }, version: seen };
    }
    return { answer: { status: 200, outcome: 'ok', told }, version: view?.version ?? seen };
  }

  leave(userId: string): Answered<'leave'> {
    this.#end(userId, 'LEFT');
    return { status: 204, outcome: 'ok', told: null };
  }

  hasTurn(userId: string): boolean {
    return this.#liveOf(userId)?.state === 'ACTIVE';
  }

  /** The number of the turn. */
  turnOf(userId: string): number | undefined {
    return this.#liveOf(userId)?.number;
  }

  spend(number: number): void {
    this.#endPlace(
      this.#places.find((place) => place.number === number),
      'SPENT',
    );
  }

  #give(userId: string): Place {
    const { goesWrong } = this.#nature;
    const [number, after] = [this.#lastNumber + 1, this.#lastNumber + 2];
    const isOff = goesWrong('gives numbers out of order');
    this.#lastNumber = isOff ? after : number;
    const place: Place = { number: isOff ? after : number, userId, state: 'WAITING' };
    // The one who comes next gets the number that was left out.
    if (isOff) this.#nature.time.schedule(1, () => (this.#lastNumber = number - 1));
    const before = this.#places.at(-1);
    const twin =
      before !== undefined && goesWrong('gives a place to two people')
        ? { ...place, number: before.number }
        : place;
    this.#places.push(twin);
    this.#version++;
    return twin;
  }

  #admit(): void {
    const { goesWrong, time } = this.#nature;
    for (;;) {
      const active = this.#places.filter(({ state }) => state === 'ACTIVE').length;
      const waiting = this.#places
        .filter(({ state }) => state === 'WAITING')
        .toSorted((a, b) => a.number - b.number);
      const next = goesWrong('lets people in out of order') ? waiting.at(-1) : waiting[0];
      if (active >= CAPACITY || next === undefined) return;
      next.state = 'ACTIVE';
      this.#version++;
      time.schedule(TURN_MS, () => this.#endPlace(next, 'EXPIRED'));
    }
  }

  #end(userId: string, state: PlaceState): void {
    this.#endPlace(this.#liveOf(userId), state);
  }

  #endPlace(place: Place | undefined, state: PlaceState): void {
    if (place === undefined || (place.state !== 'WAITING' && place.state !== 'ACTIVE')) return;
    place.state = state;
    this.#version++;
    this.#admit();
  }

  #liveOf(userId: string): Place | undefined {
    return this.#places.find(
      (place) => place.userId === userId && (place.state === 'WAITING' || place.state === 'ACTIVE'),
    );
  }
}

function standingOf(places: readonly Place[], { number, state }: Place): Standing {
  const before = places.filter((one) => one.state === 'WAITING' && one.number < number).length;
  return { number, state, ahead: state === 'WAITING' ? before : 0 };
}
