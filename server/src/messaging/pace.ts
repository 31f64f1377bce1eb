/** How a loop over the log paces itself: when it looks again, after what it found or after a fault. */
import type { Clock } from '../platform/clock.ts';
import type { Bell } from './bell.ts';

const POLL_MS = 500;
const STAND_BY_MS = 200;
const FAULT_PAUSE_MAX_MS = 2_000;

/** What a look came to. `stand-by`: another instance is at it. */
export type Step = 'worked' | 'idle' | 'above-horizon' | 'stand-by';

export interface Pace {
  after(step: Step, signal: AbortSignal): Promise<void>;
  /** `faults`: so many in a row. */
  afterFault(faults: number, signal: AbortSignal): Promise<void>;
}

export function createPace(clock: Clock, bell: Bell): Pace {
  let lookedAgain = 0;
  return {
    async after(step, signal) {
      lookedAgain = step === 'above-horizon' ? lookedAgain + 1 : 0;
      if (step === 'idle') await bell.wait(POLL_MS, signal);
      else if (step === 'stand-by') await clock.sleep(STAND_BY_MS, signal);
      // Another transaction is about to end. The first looks follow at once, later ones pause.
      else if (lookedAgain > 4) await clock.sleep(Math.min(lookedAgain - 4, 25), signal);
    },
    afterFault: (faults, signal) =>
      clock.sleep(Math.min(FAULT_PAUSE_MAX_MS, 10 * 2 ** Math.min(faults, 10)), signal),
  };
}
