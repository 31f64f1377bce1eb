/** All of them, module by module. */
import { AT_THE_DOOR } from './at-the-door.ts';
import { IN_MESSAGING } from './in-messaging.ts';
import { IN_PAYMENTS } from './in-payments.ts';
import { IN_RESERVATIONS } from './in-reservations.ts';
import { IN_SEATS } from './in-seats.ts';
import { IN_THE_LINE } from './in-the-line.ts';
import { IN_THE_PLATFORM } from './in-the-platform.ts';
import type { PlantedBug } from './planted-bug.ts';

export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...IN_SEATS,
  ...IN_RESERVATIONS,
  ...IN_PAYMENTS,
  ...IN_THE_LINE,
  ...IN_MESSAGING,
  ...AT_THE_DOOR,
  ...IN_THE_PLATFORM,
];
