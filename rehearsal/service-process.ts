/** The process of a rehearsal's own service: tells its parent where it listens, and ends when the parent is gone. */
import assert from 'node:assert/strict';
import { loadConfig } from '../server/src/config/config.ts';
import { processEnvironment } from '../server/src/config/env.ts';
import { fail, stopOnSignal } from '../server/src/exit.ts';
import { createLogger } from '../server/src/platform/logger.ts';
import { startService } from '../server/src/service.ts';

async function serve(): Promise<void> {
  const stop = stopOnSignal();
  const { config, secrets } = loadConfig(processEnvironment());
  await using service = await startService(config, secrets, createLogger(config.log.level));
  const over = new Promise((resolve) => {
    stop.addEventListener('abort', resolve, { once: true });
    process.once('disconnect', resolve);
  });
  if (stop.aborted || !process.connected) return;
  assert(process.send !== undefined, 'it was forked, with a channel to its parent');
  process.send(service.url);
  await over;
}

serve()
  .catch(fail)
  .finally(() => {
    if (process.connected) process.disconnect?.();
  });
