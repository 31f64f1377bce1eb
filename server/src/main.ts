/** The process: settings in, service up, signals, exit code out. */
import { fail } from './exit.ts';
import { runService } from './service.ts';

const stop = new AbortController();
let signals = 0;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stop.abort(signal);
    if (++signals > 1) process.exit(130); // asked twice: at once
  });
}
runService(stop.signal).catch(fail);
