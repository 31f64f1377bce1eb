/**
 * Readings that are kept for some time, unless somebody says that they have changed: whoever asks gets what is
 * known, everybody else waits for one reading of it, however many they are.
 *
 * A reading that is under way when its key is dropped answers those who asked before, and is not kept: it may
 * have seen the old state. Whoever asks after the drop gets a new one.
 */
import type { Clock } from './clock.ts';
import { createGate } from './gate.ts';

export interface KeptReads<Key, Value> {
  /** Undefined for what was not found; that is not kept. */
  get(key: Key): Promise<Value | undefined>;
  /** What is kept of it, or under way, is good for so long at the most. */
  expireIn(key: Key, ms: number): void;
  drop(key: Key): void;
  dropAll(): void;
}

export interface KeptReadsOptions<Key, Value> {
  readonly name: string;
  readonly read: (key: Key) => Promise<Value | undefined>;
  readonly freshMs: number;
  /** What all that is kept weighs together; above the most, what was not asked for the longest goes. */
  readonly weightMax: number;
  readonly weightOf: (value: Value) => number;
  /**
   * Readings under way. A crowd can ask for as many different things as it likes: it must not take all connections.
   * Whoever waits for a reading to begin does so for a second at most.
   */
  readonly readingsMax: number;
  /** Readings that wait to begin; one more is refused with `Overloaded`. */
  readonly waitingMax: number;
  readonly clock: Clock;
}

interface Kept<Value> {
  readonly value: Promise<Value | undefined>;
  untilMs: number;
  /** 0 as long as it is being read. */
  weight: number;
}

export function createKeptReads<Key, Value>(options: KeptReadsOptions<Key, Value>): KeptReads<Key, Value> {
  const { name, clock } = options;
  const gate = createGate({ name, throughMax: options.readingsMax, waitingMax: options.waitingMax, clock });
  /** What was asked for last stands last. */
  const kept = new Map<Key, Kept<Value>>();
  let weight = 0;

  function drop(key: Key): void {
    weight -= kept.get(key)?.weight ?? 0;
    kept.delete(key);
  }

  function read(key: Key): Promise<Value | undefined> {
    const value = gate(() => options.read(key));
    const entry: Kept<Value> = { value, untilMs: clock.monotonicMs() + options.freshMs, weight: 0 };
    kept.set(key, entry);
    value.then(
      (found) => {
        if (kept.get(key) !== entry) return;
        if (found === undefined) drop(key);
        else weigh(entry, found);
      },
      () => {
        if (kept.get(key) === entry) drop(key);
      },
    );
    return value;
  }

  function weigh(entry: Kept<Value>, found: Value): void {
    entry.weight = options.weightOf(found);
    weight += entry.weight;
    for (const [key, oldest] of kept) {
      if (weight <= options.weightMax) return;
      // What is alone too heavy is kept all the same: it is what people ask for.
      if (oldest !== entry) drop(key);
    }
  }

  return {
    get(key) {
      const known = kept.get(key);
      if (known === undefined) return read(key);
      drop(key);
      if (clock.monotonicMs() >= known.untilMs) return read(key);
      kept.set(key, known);
      weight += known.weight;
      return known.value;
    },
    expireIn(key, ms) {
      const known = kept.get(key);
      if (known !== undefined) known.untilMs = Math.min(known.untilMs, clock.monotonicMs() + ms);
    },
    drop,
    dropAll() {
      kept.clear();
      weight = 0;
    },
  };
}
