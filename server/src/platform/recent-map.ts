/**
 * What was noted lately, bounded: at least the last half of so many entries is there, and never more than all.
 *
 * Two generations instead of an order of use: the older one is dropped as a whole. To drop a map's oldest entry by
 * entry would walk, each time, over all that were dropped before.
 */
export class RecentMap<Key, Value> {
  readonly #halfMax: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(entriesMax: number) {
    this.#halfMax = Math.ceil(entriesMax / 2);
  }

  get(key: Key): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: Key, value: Value): void {
    if (this.#young.size >= this.#halfMax && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: Key): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** What is held, of which some may be there twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
