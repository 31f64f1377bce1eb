/** A clock of one process's own: libfaketime stands between it and the system's, and reads the difference from a file. */
import { writeFileSync } from 'node:fs';

export interface FalseClock {
  /** For the process that shall have it. */
  readonly env: Readonly<Record<string, string>>;
  /** So many seconds off, within a second. */
  set(offsetS: number): void;
  /** From right to ever more wrong: so many times as fast as the others', of a process that is so many seconds old. */
  race(rate: number, ageS: number): void;
}

export function makeFalseClock(file: string, library: string): FalseClock {
  const write = (offsetS: number, rate: number) =>
    writeFileSync(file, `${offsetS < 0 ? '' : '+'}${offsetS.toFixed(0)} x${rate}\n`);
  // A rate that is not said stays as it was.
  const set = (offsetS: number) => write(offsetS, 1);
  set(0);
  return {
    set,
    // It counts from the start of the process.
    race: (rate, ageS) => write(-(rate - 1) * ageS, rate),
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      // Timers count on.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  };
}
