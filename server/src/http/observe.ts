/** What is measured and logged of every answer. Routes are named as declared: a URL may hold somebody's search. */
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { limits } from '../limits.ts';
import type { App } from './route.ts';

export interface ObserveDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Up to the moment when it is sent: how fast a client takes it is the client's affair, and streams last. */
export function observeAnswers(app: App, { clock, metrics, logger }: ObserveDeps): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    const route = request.routeOptions.config.url ?? 'unknown';
    // Outside of the routes the method is whatever somebody sent.
    const method = route === 'unknown' ? 'any' : request.method;
    const { statusCode: status } = reply;
    const durationMs = clock.monotonicMs() - request.startedMs;
    metrics.observeHttp(method, route, status, durationMs);
    if (request.problem !== null) metrics.countRefused(request.problem);
    if (durationMs > limits.http.slowAnswerMs) {
      const fields = { requestId: request.id, method, route, status, durationMs: Math.round(durationMs) };
      logger.warn(fields, 'an answer was slow');
    }
    done();
  });
}
