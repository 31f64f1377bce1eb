/** Goal: many watchers take their time, and are told once a second all the same. Time is the test's. */
import { expect, test } from 'vitest';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import type { Standing } from './standing.ts';
import { createPlaceWatch } from './watch-places.ts';

const standing: Standing = {
  state: 'WAITING',
  ahead: 4,
  wait: null,
  pollAfterMs: 1_000,
  turnExpiresAt: null,
  roomState: 'OPEN',
  roomOpensAt: null,
  admitted: 10,
  version: '1.10.0',
};

test.each([
  { tookMs: 300, restMs: 700 },
  { tookMs: 900, restMs: 500 },
])('a tick of $tookMs ms is followed by a rest of $restMs ms', async ({ tookMs, restMs }) => {
  let nowMs = 0;
  const slept: number[] = [];
  const begun = Promise.withResolvers<void>();
  const again = Promise.withResolvers<void>();
  const watch = createPlaceWatch({
    views: {
      find: async () => {
        nowMs += tookMs;
        return undefined;
      },
    },
    turns: { look: async () => undefined },
    clock: {
      monotonicMs: () => nowMs,
      wallMs: () => nowMs,
      sleep: (ms) => {
        slept.push(ms);
        if (slept.length === 1) return begun.promise;
        again.resolve();
        return new Promise(() => {});
      },
    },
    logger: createLogRecorder().logger,
  });
  const holder = { userId: 'ann', place: { room: 'main', epoch: 1, number: 15 } };
  watch.watch(holder, standing, { send: () => {}, end: () => {} }, new AbortController().signal);
  begun.resolve();
  await again.promise;
  expect(slept).toEqual([1_000, restMs]);
});
