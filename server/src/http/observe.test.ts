import { refused } from '#contract/problems.ts';
import { expect, onTestFinished, test } from 'vitest';
import { createEdge } from '../../test/support/edge.ts';
import { limits } from '../limits.ts';
import { systemClock } from '../platform/clock.ts';
import { refuse } from './route.ts';

/** A route that takes as long as the test says. */
async function edgeThatTakes(tookMs: number) {
  let nowMs = 0;
  const edge = await createEdge({
    clock: { ...systemClock, monotonicMs: () => nowMs },
    routes: (api) => {
      api.get('/things/:id', async (_request, reply) => {
        nowMs += tookMs;
        return reply.send({});
      });
      api.get('/taken', async (_request, reply) => refuse(reply, refused('seats.taken')));
    },
  });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  return edge;
}

test('answers are counted by route, with what they took', async () => {
  const edge = await edgeThatTakes(250);
  await edge.app.inject('/api/v1/things/7?q=secret');
  await edge.app.inject('/api/v1/taken');
  await edge.app.inject('/nowhere');
  const text = await edge.metrics.text();
  const name = 'frontrow_http_request_duration_seconds';
  for (const line of [
    `${name}_sum{method="GET",route="/api/v1/things/:id",status="2xx"} 0.25`,
    `${name}_count{method="GET",route="/api/v1/taken",status="4xx"} 1`,
    `${name}_count{method="any",route="unknown",status="4xx"} 1`,
    'frontrow_refusals_total{problem="seats.taken"} 1',
  ]) {
    expect(text).toContain(line);
  }
  expect(edge.log.lines).toEqual([]);
});

test('a slow answer is logged as its route, not as its URL', async () => {
  const edge = await edgeThatTakes(limits.http.slowAnswerMs + 1);
  await edge.app.inject('/api/v1/things/7?q=secret');
  expect(edge.log.lines).toMatchObject([
    { level: 'warn', fields: { route: '/api/v1/things/:id', status: 200, durationMs: 1_001 } },
  ]);
  expect(JSON.stringify(edge.log.lines)).not.toContain('secret');
});
