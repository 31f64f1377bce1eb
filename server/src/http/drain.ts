/** The end of an instance: nobody is sent here any more, what is under way gets its answer, then the rest is cut. */
import { refused } from '#contract/problems.ts';
import type { Clock } from '../platform/clock.ts';
import { type App, refuse } from './route.ts';

export interface Drain {
  readonly isDraining: () => boolean;
  /** Ends when every connection is closed, after the grace at the latest. */
  readonly drain: (graceMs: number) => Promise<void>;
}

export function createDrain(app: App, clock: Clock): Drain {
  let state: 'open' | 'draining' | 'over' = 'open';

  app.addHook('onRequest', (_request, reply, done) => {
    if (state === 'open') {
      done();
      return;
    }
    void reply.header('connection', 'close');
    if (state === 'over') void refuse(reply, refused('service.shutting-down'));
    else done();
  });

  return {
    isDraining: () => state !== 'open',
    drain: async (graceMs) => {
      state = 'draining';
      // Takes no new connections, closes the idle ones, and ends with the last of the others.
      const closed = app.close();
      const early = new AbortController();
      await Promise.race([closed, clock.sleep(graceMs, early.signal)]);
      early.abort();
      state = 'over';
      app.server.closeAllConnections();
      await closed;
    },
  };
}
