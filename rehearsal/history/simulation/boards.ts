/** What two instances know of the seats, some hundred milliseconds late. */
import type { Answered } from '../recorder.ts';
import type { Nature } from './nature.ts';

interface Board {
  readonly taken: boolean[];
  readonly buyers: Set<string>;
  /** Of all changes. */
  version: number;
  /** When it has heard of everything so far. */
  upToMs: number;
  readonly maps: string[];
}

const LAG_MAX_MS = 300;

export class SimulatedBoards {
  readonly #nature: Nature;
  readonly #boards: Board[];
  readonly #touched = new Set<number>();

  constructor(nature: Nature, seats: number) {
    this.#nature = nature;
    const open = (): Board => ({
      taken: Array.from({ length: seats }, () => false),
      buyers: new Set(),
      version: 1,
      upToMs: 0,
      maps: [],
    });
    this.#boards = [open(), open()];
  }

  /** Everybody hears of it soon, in order. */
  tell(seats: readonly number[], isTaken: boolean, userId: string): void {
    const { time, chance } = this.#nature;
    for (const seat of seats) this.#touched.add(seat);
    for (const board of this.#boards) {
      board.upToMs = Math.max(board.upToMs, time.nowMs() + chance.between(1, LAG_MAX_MS));
      time.schedule(board.upToMs - time.nowMs(), () => {
        for (const seat of seats) board.taken[seat - 1] = isTaken;
        board.version += seats.length;
        board.buyers.add(userId);
      });
    }
  }

  /** Those of the seats that are known to be taken. A buyer may be owed an earlier answer: only the rows know. */
  knownTaken(instance: number, userId: string, seats: readonly number[]): number[] {
    const board = this.#boards[instance];
    if (board === undefined || board.buyers.has(userId)) return [];
    return seats.filter((seat) => board.taken[seat - 1]);
  }

  /** Nobody ever had it. */
  isUntouched(seat: number): boolean {
    return !this.#touched.has(seat);
  }

  map(instance: number): Answered<'map'> {
    const { chance, goesWrong } = this.#nature;
    const board = this.#boards[instance];
    if (board === undefined) throw new RangeError(`no instance ${instance}`);
    const content = board.taken.map((isTaken) => (isTaken ? 'x' : '.')).join('');
    const name = (version: number) => `${version.toString(36)}-${content}`;
    board.maps.push(name(board.version));
    const version = goesWrong('shows maps of long ago') ? chance.oneOf(board.maps) : name(board.version);
    const shown = version.slice(version.indexOf('-') + 1);
    const digest = goesWrong('gives two maps one version') ? `${shown}!` : shown;
    return { status: 200, outcome: 'ok', told: { version, digest, remaining: shown.split('.').length - 1 } };
  }
}
