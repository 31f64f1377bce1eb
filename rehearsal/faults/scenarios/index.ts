/** Every fault there is, in the order in which they are played. */
import type { Scenario } from '../scenario.ts';
import { clockScenarios } from './clocks.ts';
import { diskScenarios } from './disks.ts';
import { instanceScenarios } from './instances.ts';
import { logScenarios } from './log.ts';
import { networkScenarios } from './network.ts';
import { postgresScenarios } from './postgres.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...instanceScenarios,
  ...postgresScenarios,
  ...networkScenarios,
  ...diskScenarios,
  ...clockScenarios,
  ...logScenarios,
];
