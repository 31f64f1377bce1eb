import type { Chance } from '../../../scripts/support/random.ts';
import type { Bug } from './bugs.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a simulated service lives in. */
export interface Nature {
  readonly time: VirtualTime;
  readonly chance: Chance;
  /** Whether what may go wrong does so now. Of a service without a bug nothing ever does. */
  readonly goesWrong: (bug: Bug) => boolean;
}
