import { describe, expect, onTestFinished, test } from 'vitest';
import { type AnswerBody, createEdge, type EdgeOptions } from '../../test/support/edge.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { limits } from '../limits.ts';

async function edgeOf(options: EdgeOptions) {
  const edge = await createEdge(options);
  onTestFinished(() => edge[Symbol.asyncDispose]());
  return edge;
}

/** Time that passes only when the test says so. */
function heldClock(): Clock & { pass(ms: number): void } {
  let nowMs = 0;
  return { ...systemClock, monotonicMs: () => nowMs, pass: (ms) => void (nowMs += ms) };
}

describe('readiness', () => {
  test('names each part', async () => {
    const edge = await edgeOf({
      readyChecks: {
        database: async () => true,
        migrations: async () => false,
        line: () => Promise.reject(new Error('secret')),
        loud: () => {
          throw new Error('secret');
        },
      },
    });
    const answer = await edge.app.inject('/readyz');
    expect([answer.statusCode, answer.json<AnswerBody>()]).toEqual([
      503,
      {
        status: 'not-ready',
        parts: { database: 'ok', migrations: 'failing', line: 'failing', loud: 'failing', lifecycle: 'ok' },
      },
    ]);
    expect((await edge.app.inject('/livez')).json<AnswerBody>()).toEqual({ status: 'live' });
  });

  test('waits for no part longer than its time', async () => {
    const edge = await edgeOf({ readyChecks: { database: () => new Promise(() => {}) } });
    const startedMs = performance.now();
    expect((await edge.app.inject('/readyz')).statusCode).toBe(503);
    expect(performance.now() - startedMs).toBeLessThan(limits.http.readyCheckMs + 2_000);
  });

  test('asks the parts once for all who ask together, and again later', async () => {
    const clock = heldClock();
    let asked = 0;
    const edge = await edgeOf({
      clock,
      readyChecks: {
        database: async () => {
          asked++;
          return true;
        },
      },
    });
    const all = await Promise.all(Array.from({ length: 50 }, () => edge.app.inject('/readyz')));
    expect(all.every(({ statusCode }) => statusCode === 200)).toBe(true);
    expect(asked).toBe(1);
    clock.pass(limits.http.readyCheckMs);
    await edge.app.inject('/readyz');
    expect(asked).toBe(2);
  });
});

describe('the metrics', () => {
  test('count answers by declared route, and refusals by problem', async () => {
    const edge = await edgeOf({
      routes: (api, door) => {
        api.get('/things/:id', async () => ({}));
        api.get('/mine', { onRequest: door.account }, async () => ({}));
      },
    });
    for (const url of ['/api/v1/things/1', '/api/v1/things/2', '/api/v1/mine', '/x1', '/x2']) {
      await edge.app.inject(url);
    }
    await edge.app.inject({ method: 'PROPFIND' as 'GET', url: '/x3' });
    const answer = await edge.app.inject('/metrics');
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=/);
    const count = (labels: string) => `frontrow_http_request_duration_seconds_count{${labels}}`;
    expect(answer.body).toContain(`${count('method="GET",route="/api/v1/things/:id",status="2xx"')} 2`);
    expect(answer.body).toContain(`${count('method="GET",route="/api/v1/mine",status="4xx"')} 1`);
    expect(answer.body).toContain(`${count('method="any",route="unknown",status="4xx"')} 3`);
    expect(answer.body).toContain('frontrow_refusals_total{problem="account.required"} 1');
    expect(answer.body).not.toMatch(/x1|things\/1|PROPFIND/);
  });
});
