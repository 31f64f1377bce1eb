import { setImmediate as macrotask } from 'node:timers/promises';

/** Time that passes when nobody has anything left to do at the present moment. */
export interface VirtualTime {
  nowMs(): number;
  wait(ms: number): Promise<void>;
  /** In so many milliseconds; nobody waits for it. */
  schedule(ms: number, act: () => void): void;
  /** Until nothing is scheduled. */
  run(): Promise<void>;
}

export function createVirtualTime(): VirtualTime {
  /** What comes first stands last; of one moment, what was scheduled first. */
  const agenda: { readonly atMs: number; readonly act: () => void }[] = [];
  let nowMs = 0;

  function schedule(ms: number, act: () => void): void {
    const atMs = nowMs + ms;
    const index = agenda.findLastIndex((entry) => entry.atMs > atMs);
    agenda.splice(index + 1, 0, { atMs, act });
  }

  return {
    nowMs: () => nowMs,
    wait: (ms) => new Promise((resolve) => schedule(ms, resolve)),
    schedule,
    run: async () => {
      await macrotask();
      for (let next = agenda.pop(); next !== undefined; next = agenda.pop()) {
        nowMs = next.atMs;
        next.act();
        await macrotask(); // whoever was waiting for it goes on
      }
    },
  };
}
