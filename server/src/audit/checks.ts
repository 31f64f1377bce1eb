import type { Check } from './check.ts';
import { lineChecks } from './check-line.ts';
import { logChecks } from './check-log.ts';
import { moneyChecks } from './check-money.ts';
import { purchaseChecks } from './check-purchases.ts';
import { seatChecks } from './check-seats.ts';
import { termsChecks } from './check-terms.ts';

/** In the order in which they run: first those of few rows that are written all the time, last those that walk the log. */
export const CHECKS: readonly Check[] = [
  ...lineChecks,
  ...moneyChecks,
  ...termsChecks,
  ...seatChecks,
  ...purchaseChecks,
  ...logChecks,
];
