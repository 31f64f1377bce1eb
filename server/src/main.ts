/** The process: settings in, service up, signals, exit code out. */
import { fail } from './exit.ts';
import { runService } from './service.ts';

/** A terminal and npm both pass one Ctrl-C on; only a later signal is a second one, and means at once. */
const SAME_SIGNAL_S = 1;

const stop = new AbortController();
let firstAtS = Number.POSITIVE_INFINITY;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stop.abort(signal);
    if (process.uptime() - firstAtS > SAME_SIGNAL_S) process.exit(130);
    firstAtS = Math.min(firstAtS, process.uptime());
  });
}
runService(stop.signal).catch(fail);
