/**
 * Readings that many ask for at once and that may be a moment old: whoever asks within that moment gets what
 * is known, everybody else rides in one reading. However large the crowd, one reading is under way.
 */
import { createBatcher } from './batcher.ts';
import type { Clock } from './clock.ts';

export interface RecentReads<Key, Value> {
  /** Undefined for what was not found; that is not remembered. */
  get(key: Key): Promise<Value | undefined>;
}

export interface RecentReadsOptions<Key, Value> {
  readonly name: string;
  readonly read: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;
  readonly freshMs: number;
  /** Keys of one reading, and values remembered. */
  readonly keysMax: number;
  readonly rememberedMax: number;
  readonly waitingMax: number;
  readonly clock: Clock;
  readonly observe: (name: string, requests: number, durationMs: number) => void;
}

export function createRecentReads<Key, Value>(
  options: RecentReadsOptions<Key, Value>,
): RecentReads<Key, Value> {
  const { clock, freshMs } = options;
  const remembered = new Map<Key, { readonly value: Value; readonly atMs: number }>();

  function remember(found: ReadonlyMap<Key, Value>, atMs: number): void {
    for (const [key, value] of found) {
      remembered.delete(key); // the oldest stand first
      remembered.set(key, { value, atMs });
    }
    for (const key of remembered.keys()) {
      if (remembered.size <= options.rememberedMax) break;
      remembered.delete(key);
    }
  }

  const reads = createBatcher<Key, Value | undefined>({
    name: options.name,
    batchMax: options.keysMax,
    waitingMax: options.waitingMax,
    clock,
    observe: options.observe,
    run: async (keys) => {
      const atMs = clock.monotonicMs();
      const fresh = new Map<Key, Value>();
      for (const key of keys) {
        const known = remembered.get(key);
        if (known !== undefined && isFresh(key)) fresh.set(key, known.value);
      }
      const stale = [...new Set(keys)].filter((key) => !fresh.has(key));
      const found = stale.length > 0 ? await options.read(stale) : new Map<Key, Value>();
      remember(found, atMs);
      return keys.map((key) => fresh.get(key) ?? found.get(key));
    },
  });

  function isFresh(key: Key): boolean {
    const known = remembered.get(key);
    return known !== undefined && clock.monotonicMs() - known.atMs < freshMs;
  }

  return {
    get: (key) => (isFresh(key) ? Promise.resolve(remembered.get(key)?.value) : reads.submit(key)),
  };
}
