/**
 * A board: what one instance remembers of all the seats of a performance. Pure; it is told everything.
 *
 * It is told of each change at least once and in any order, so each seat keeps its version and only takes what
 * is newer. A seat's version is written once in its life: boards that have heard the same are equal.
 */
import assert from 'node:assert/strict';

/** As the map has it: two bits for a seat. */
export const FREE = 0;
export const HELD = 1;
export const SOLD = 2;
export type SeatState = typeof FREE | typeof HELD | typeof SOLD;

/** What a hold must keep to. Never changes once the seats are laid out. */
export interface BoardTerms {
  readonly room: string;
  readonly seatsPerPerson: number;
  /** By the database's clock. */
  readonly saleOpensAtMs: number;
  readonly saleClosesAtMs: number;
}

/** Everything about a performance at one moment; seat n is at index n - 1. */
export interface BoardContent {
  readonly performanceId: number;
  readonly terms: BoardTerms;
  readonly states: Uint8Array;
  readonly versions: Int32Array;
  readonly pricesKrw: Int32Array;
  /** Of everybody who was ever granted a seat here, by `buyerMark`. */
  readonly buyers: Iterable<number>;
}

export interface SeatCounts {
  readonly free: number;
  readonly held: number;
  readonly sold: number;
}

export interface TierCounts extends SeatCounts {
  readonly priceKrw: number;
}

const STATES = 3;

export class SeatBoard {
  readonly performanceId: number;
  readonly terms: BoardTerms;
  readonly seatCount: number;
  /** Two bits for each seat, seat 1 in the lowest bits of the first byte. Whoever keeps it takes a copy. */
  readonly packed: Uint8Array;
  readonly #versions: Int32Array;
  /** Index of a seat's price, the lowest price first. */
  readonly #tiers: Uint8Array | Uint16Array;
  readonly #tierPricesKrw: readonly number[];
  /** Seats by tier and state. */
  readonly #counts: Int32Array;
  readonly #buyers: Set<number>;
  /** A bit for each seat that has changed since `takeChanged`. */
  readonly #changed: Uint32Array;
  readonly #hash = new Uint32Array(2);
  #versionSum = 0;

  constructor(content: BoardContent) {
    const { states, versions, pricesKrw } = content;
    assert(states.length === versions.length && states.length === pricesKrw.length, 'one of each per seat');
    this.performanceId = content.performanceId;
    this.terms = content.terms;
    this.seatCount = states.length;
    this.packed = new Uint8Array(Math.ceil(this.seatCount / 4));
    this.#versions = Int32Array.from(versions);
    this.#tierPricesKrw = distinct(pricesKrw);
    this.#tiers = tiersOf(pricesKrw, this.#tierPricesKrw);
    this.#counts = new Int32Array(this.#tierPricesKrw.length * STATES);
    this.#buyers = new Set(content.buyers);
    this.#changed = new Uint32Array(Math.ceil(this.seatCount / 32));
    for (let at = 0; at < this.seatCount; at++) this.#place(at, stateFrom(states[at]), versions[at] ?? 0);
  }

  /** Takes a change of a seat, unless something newer is known. True when it was news. */
  apply(seatNo: number, version: number, state: SeatState): boolean {
    const at = seatNo - 1;
    const known = this.#versions[at];
    assert(known !== undefined, `performance ${this.performanceId} has no seat ${seatNo}`);
    if (version <= known) return false;
    const before = this.#stateAt(at);
    this.#count(at, before, -1);
    this.#mix(at, known, before, -1);
    this.#versionSum -= known;
    this.packed[at >> 2] = (this.packed[at >> 2] ?? 0) & ~(3 << ((at & 3) * 2));
    this.#place(at, state, version);
    this.#changed[at >> 5] = (this.#changed[at >> 5] ?? 0) | (1 << (at & 31));
    return true;
  }

  stateOf(seatNo: number): SeatState {
    assert(
      seatNo >= 1 && seatNo <= this.seatCount,
      `performance ${this.performanceId} has no seat ${seatNo}`,
    );
    return this.#stateAt(seatNo - 1);
  }

  versionOf(seatNo: number): number {
    return this.#versions[seatNo - 1] ?? 0;
  }

  addBuyer(userId: string): void {
    this.#buyers.add(buyerMark(userId));
  }

  /** Everybody who was ever granted a seat here: it grows, whatever is given back. */
  get buyerCount(): number {
    return this.#buyers.size;
  }

  /** False: certainly never. True for somebody else once in many millions. */
  mayHaveBought(userId: string): boolean {
    return this.#buyers.has(buyerMark(userId));
  }

  get counts(): SeatCounts {
    const sum = [0, 0, 0];
    for (const [index, count] of this.#counts.entries())
      sum[index % STATES] = (sum[index % STATES] ?? 0) + count;
    const [free = 0, held = 0, sold = 0] = sum;
    return { free, held, sold };
  }

  /** By price, the lowest first. */
  get tiers(): TierCounts[] {
    return this.#tierPricesKrw.map((priceKrw, tier) => {
      const [free = 0, held = 0, sold = 0] = this.#counts.subarray(tier * STATES, (tier + 1) * STATES);
      return { priceKrw, free, held, sold };
    });
  }

  /**
   * Names the content: equal names mean equal content, on whichever instance. The part in front is the sum of all
   * versions; it grows with every change. Behind it is the sum of a 64-bit hash of each seat with its version and
   * state: a sum does not depend on the order, and one seat's part is exchanged without looking at the others.
   * Two contents that differ have one name with a chance of 1 in 10^19, and only if their versions add up to the
   * same number. A client that compares two maps every quarter of a second for a year meets such a pair with a
   * chance of 1 in 10^11. Nobody gains by forging one: whoever has a wrong map is refused by the rows.
   */
  get version(): string {
    const [low = 0, high = 0] = this.#hash;
    return `${this.#versionSum.toString(36)}-${hex(high)}${hex(low)}`;
  }

  /** The numbers of the seats that have changed since the last call, ascending. */
  takeChanged(): number[] {
    const seatNos: number[] = [];
    for (let word = 0; word < this.#changed.length; word++) {
      for (let bits = this.#changed[word] ?? 0; bits !== 0; bits &= bits - 1) {
        seatNos.push(word * 32 + (31 - Math.clz32(bits & -bits)) + 1);
      }
      this.#changed[word] = 0;
    }
    return seatNos;
  }

  #stateAt(at: number): SeatState {
    return stateFrom(((this.packed[at >> 2] ?? 0) >> ((at & 3) * 2)) & 3);
  }

  /** Where nothing is. */
  #place(at: number, state: SeatState, version: number): void {
    this.packed[at >> 2] = (this.packed[at >> 2] ?? 0) | (state << ((at & 3) * 2));
    this.#versions[at] = version;
    this.#count(at, state, 1);
    this.#mix(at, version, state, 1);
    this.#versionSum += version;
  }

  #count(at: number, state: SeatState, change: 1 | -1): void {
    const index = (this.#tiers[at] ?? 0) * STATES + state;
    this.#counts[index] = (this.#counts[index] ?? 0) + change;
  }

  /** A seat that nobody has touched has no part in it. */
  #mix(at: number, version: number, state: SeatState, change: 1 | -1): void {
    if (version === 0) return;
    // The state is a part of it for the day when a backup is restored: versions then have a second life.
    const content = Math.imul(version, 4) + state;
    const [low = 0, high = 0] = this.#hash;
    this.#hash[0] = low + change * scramble(scramble(at ^ 0x9e3779b9) ^ content);
    this.#hash[1] = high + change * scramble(scramble(at ^ 0x85ebca6b) ^ Math.imul(content, 0xc2b2ae35));
  }
}

/** The last 30 bits of a user's id: random in ids of ours, and a small integer for the engine. */
export function buyerMark(userId: string): number {
  return Number.parseInt(userId.slice(-8), 16) & 0x3fff_ffff;
}

export function stateFrom(code: number | undefined): SeatState {
  assert(code === FREE || code === HELD || code === SOLD, `no seat is in the state ${code}`);
  return code;
}

/** Ascending. Seats of one price stand side by side, so there are few to compare. */
function distinct(pricesKrw: Int32Array): number[] {
  const starts = pricesKrw.filter((priceKrw, at) => priceKrw !== pricesKrw[at - 1]);
  return [...new Set(starts)].toSorted((a, b) => a - b);
}

function tiersOf(pricesKrw: Int32Array, tierPricesKrw: readonly number[]): Uint8Array | Uint16Array {
  const tier = new Map(tierPricesKrw.map((priceKrw, index) => [priceKrw, index]));
  assert(tier.size <= 0x1_0000, 'there are not more prices than sections');
  const tiers = new (tier.size <= 0x100 ? Uint8Array : Uint16Array)(pricesKrw.length);
  let [known, index] = [-1, 0];
  for (let at = 0; at < pricesKrw.length; at++) {
    const priceKrw = pricesKrw[at] ?? 0;
    if (priceKrw !== known) [known, index] = [priceKrw, tier.get(priceKrw) ?? 0];
    tiers[at] = index;
  }
  return tiers;
}

/** Murmur3's finaliser: each bit of the input changes each bit of the result with a chance of one half. */
function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
