import { expect, onTestFinished, test } from 'vitest';
import { type AnswerBody, createEdge, overSocket } from '../../test/support/edge.ts';
import { until } from '../../test/support/until.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';

const TIMEOUT_MS = 60;

async function edgeThatHangs() {
  const release = Promise.withResolvers<void>();
  const edge = await createEdge({
    bounds: { handlerTimeoutMs: TIMEOUT_MS },
    routes: (api) => {
      api.get('/never', () => new Promise(() => {}));
      api.get('/late', async (_request, reply) => {
        await release.promise;
        return reply.send({ late: true });
      });
      api.get('/now', async (_request, reply) => reply.send({ now: true }));
    },
  });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  return { edge, release };
}

test('all that hang are given up, and the log says which', async () => {
  const { edge } = await edgeThatHangs();
  const answers = await Promise.all(
    ['never', 'late', 'never'].map((name) => edge.app.inject(`/api/v1/${name}`)),
  );
  for (const answer of answers) {
    expect([answer.statusCode, answer.json<AnswerBody>().code]).toEqual([503, 'service.timeout']);
    expect(answer.headers['retry-after']).toBeDefined();
  }
  const route = (name: string) => ({ route: `/api/v1/${name}`, problem: 'service.timeout' });
  expect(edge.log.lines.map(({ fields }) => fields)).toMatchObject([
    route('never'),
    route('late'),
    route('never'),
  ]);
  expect(edge.log.lines[0]?.fields).toHaveProperty('err.message', `no answer within ${TIMEOUT_MS} ms`);
});

test('one that hangs holds up no other, neither before nor after it', async () => {
  const { edge } = await edgeThatHangs();
  const hung = edge.app.inject('/api/v1/never');
  const quick = await edge.app.inject('/api/v1/now');
  expect(quick.json()).toEqual({ now: true });
  expect((await hung).statusCode).toBe(503);
  expect((await edge.app.inject('/api/v1/now')).json()).toEqual({ now: true });
});

test('an answer that comes after it was given up is not sent', async () => {
  const { edge, release } = await edgeThatHangs();
  const port = await edge.listen();
  const given = overSocket(port, 'GET /api/v1/late HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  expect(await given).toMatch(/^HTTP\/1\.1 503 [\s\S]*"service\.timeout"/);
  release.resolve();
  await until('Fastify has said that it was', () => edge.log.lines.length > 1);
  expect(edge.log.lines.at(-1)?.level).toBe('warn');
});

test('one that still has time is left alone', async () => {
  const { handlerTimeoutMs } = limits.http;
  let nowMs = 0;
  let looks: (() => void)[] = [];
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: () => new Promise((resolve) => looks.push(resolve)),
  };
  const look = async (atMs: number) => {
    nowMs = atMs;
    const due = looks;
    looks = [];
    for (const wake of due) wake();
    await new Promise(setImmediate);
  };
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const edge = await createEdge({
    clock,
    routes: (api) => {
      api.get('/late', async (_request, reply) => {
        entered.resolve();
        await release.promise;
        return reply.send({ late: true });
      });
    },
  });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  const answer = edge.app.inject('/api/v1/late');
  await entered.promise;
  await look(handlerTimeoutMs - 1);
  release.resolve();
  expect((await answer).json()).toEqual({ late: true });
});
