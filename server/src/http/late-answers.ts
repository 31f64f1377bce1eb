/**
 * Nobody waits for ever: an answer that does not come in time is given up. One look now and then at all that are
 * under way, because a timer for each would cost a tenth of a short answer.
 */
import type { FastifyReply } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createRepeat } from '../platform/repeat.ts';
import { type App, Refused } from './route.ts';

export interface LateAnswersDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeoutMs: number;
}

export function giveUpLateAnswers(app: App, { clock, logger, timeoutMs }: LateAnswersDeps): void {
  /** In the order in which they came. */
  const underWay = new Set<FastifyReply>();

  const looks = createRepeat({
    everyMs: timeoutMs / 20,
    clock,
    work: giveUp,
    failed: (error) => logger.error({ err: error }, 'late answers were not given up'),
  });

  function giveUp(): boolean {
    const lateMs = clock.monotonicMs() - timeoutMs;
    for (const reply of underWay) {
      // A stream, or the client went away.
      const isOver = reply.sent || reply.raw.destroyed;
      if (!isOver && reply.request.startedMs > lateMs) break;
      underWay.delete(reply);
      if (!isOver) void reply.send(new Refused('service.timeout', undefined, { cause: tooLate(timeoutMs) }));
    }
    return underWay.size > 0;
  }

  app.addHook('onRequest', (_request, reply, done) => {
    underWay.add(reply);
    looks.start();
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    underWay.delete(reply);
    done();
  });
}

const tooLate = (timeoutMs: number) => new Error(`no answer within ${timeoutMs} ms`);
