/** How the process ends: when it is asked to, and with a clear last word when it has to. */
import { StartupRefusal } from './platform/startup-refusal.ts';

/** A terminal and npm both pass one Ctrl-C on; only a later signal is a second one, and means at once. */
const SAME_SIGNAL_S = 1;
const EXIT_AT_ONCE = 130;

/** Fires at the first SIGTERM or Ctrl-C. A second one ends the process there and then. */
export function stopOnSignal(): AbortSignal {
  const stop = new AbortController();
  let firstAtS = Number.POSITIVE_INFINITY;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stop.abort(signal);
      if (process.uptime() - firstAtS > SAME_SIGNAL_S) process.exit(EXIT_AT_ONCE);
      firstAtS = Math.min(firstAtS, process.uptime());
    });
  }
  return stop.signal;
}

/** A refusal says what to do; anything else is a bug with its stack. */
export function fail(error: unknown): void {
  const text =
    error instanceof StartupRefusal
      ? `Frontrow did not start: ${error.message}\n${error.advice}\n`
      : `Frontrow stopped: ${error instanceof Error ? error.stack : String(error)}\n`;
  process.stderr.write(text);
  process.exitCode = error instanceof StartupRefusal ? error.exitCode : 1;
}
