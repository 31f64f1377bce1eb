/** A clock of one process's own: libfaketime stands between it and the system's, and reads the difference from a file. */
import { writeFileSync } from 'node:fs';

export interface FalseClock {
  /** For the process that shall have it. */
  readonly env: Readonly<Record<string, string>>;
  /** In libfaketime's words: `+600`, `-10m`, `+0 x1.05`. Within a second. */
  set(offset: string): void;
}

export function makeFalseClock(file: string, library: string): FalseClock {
  const set = (offset: string) => writeFileSync(file, `${offset}\n`);
  set('+0');
  return {
    set,
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      // Timers count on.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  };
}
