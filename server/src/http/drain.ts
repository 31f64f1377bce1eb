/** The end of an instance: nobody is sent here any more, what is under way gets its answer, then the rest is cut. */
import { refused } from '#contract/problems.ts';
import type { Clock } from '../platform/clock.ts';
import type { Listeners } from './listeners.ts';
import { type App, type EventStreams, refuse } from './route.ts';

export interface Drain {
  readonly isDraining: () => boolean;
  /** Ends when every connection is closed, after the grace at the latest. */
  readonly drain: (graceMs: number) => Promise<void>;
}

export function createDrain(app: App, listeners: Listeners, clock: Clock, streams: EventStreams): Drain {
  let draining = false;

  // When it is sent: what came before the end may be answered after its beginning.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (draining) void reply.header('connection', 'close');
    done();
  });

  return {
    isDraining: () => draining,
    drain: async (graceMs) => {
      draining = true;
      // They would last for minutes. Ended before the app closes, they count as idle, even those not read to the end.
      streams.closeAll();
      // Takes no new connections, closes the idle ones, and ends with the last of the others.
      const closed = Promise.all([listeners.close(), app.close()]);
      const early = new AbortController();
      await Promise.race([closed, clock.sleep(graceMs, early.signal)]);
      early.abort();
      app.server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Connections that are still open may bring new requests. Started now, they could be cut in the middle;
 * refused now, it is certain that nothing happened.
 */
export function refuseWhileDraining(api: App, isDraining: () => boolean): void {
  api.addHook('onRequest', (_request, reply, done) => {
    if (isDraining()) void refuse(reply, refused('service.shutting-down'));
    else done();
  });
}
