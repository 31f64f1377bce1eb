/** How long a service holds seats, learnt from what it answers: its settings are not for its clients to see. */
import type { IncomingHttpHeaders } from 'node:http';

/** The header `Date` has whole seconds. */
const DATE_STEP_MS = 1_000;

export interface HoldTimes {
  note(body: Readonly<Record<string, unknown>>, headers: IncomingHttpHeaders): void;
  /** At least so long; 0 as long as nothing was held. */
  readonly atLeastMs: number;
}

export function createHoldTimes(): HoldTimes {
  let atLeastMs = 0;
  return {
    note({ expiresAt }, headers) {
      // An answer that repeats another one comes later than the hold.
      if (headers['idempotent-replayed'] === 'true' || headers.date === undefined) return;
      const ms = Date.parse(String(expiresAt)) - Date.parse(headers.date) - DATE_STEP_MS;
      if (Number.isFinite(ms)) atLeastMs = Math.max(atLeastMs, ms);
    },
    get atLeastMs() {
      return atLeastMs;
    },
  };
}
