/** While the event loop is late every answer is late: refusing the newcomers gets those within done. */
import { refused } from '#contract/problems.ts';
import { limits } from '../limits.ts';
import { type App, refuse } from './route.ts';

export function shedWhenLate(app: App, delayMs: () => number): void {
  app.addHook('onRequest', (_request, reply, done) => {
    if (delayMs() > limits.http.eventLoopDelayMsMax) void refuse(reply, refused('service.overloaded'));
    else done();
  });
}
