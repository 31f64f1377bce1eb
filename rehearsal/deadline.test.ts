import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { type Clock, systemClock } from '../server/src/platform/clock.ts';
import { createFan, type Crowd, type Fan } from './crowd/fan.ts';
import { createHoldTimes } from './crowd/hold-times.ts';
import { planCrowd, USUAL_MIX } from './crowd/plan.ts';
import { createRecorder } from './history/recorder.ts';
import { rehearse } from './rehearse.ts';
import { bringToEnd } from './settle.ts';
import { startDeadline } from './deadline.ts';

const TARGET = { performanceId: 1, room: 'main', seatCount: 10, seatsPerPerson: 4, priceKrwMax: 100 };
const OPTIONS = {
  seed: 1,
  fans: 200,
  seatsEach: 1,
  curve: { kind: 'at-once' },
  thinkScale: 0,
  mix: USUAL_MIX,
  patienceS: 1,
} as const;
const NEVER = new AbortController().signal;

/** Its pauses are so many times shorter. */
const hastyClock = (times: number): Clock => ({
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
});

it('the end has its time, and less of it once somebody stops it', async () => {
  const waits: { readonly ms: number; readonly end: () => void }[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => void waits.push({ ms, end: resolve }));
  const stop = new AbortController();
  using deadline = startDeadline({ sleep }, { withinMs: 500, stop: stop.signal, afterStopMs: 50 });
  expect(waits.map(({ ms }) => ms)).toEqual([500]);
  stop.abort();
  expect(waits.map(({ ms }) => ms)).toEqual([500, 50]);
  expect(deadline.signal.aborted).toBe(false);
  waits[1]?.end();
  await once(deadline.signal, 'abort');
});

it('when the time is over, nobody is asked for any more, and what was not read is not settled', async () => {
  let asked = 0;
  const over = new AbortController();
  const exchange = {
    instances: 1,
    send: async () => {
      asked += 1;
      if (asked === 100) over.abort();
      return { status: 503, headers: {}, text: '' };
    },
    [Symbol.dispose]: () => {},
  };
  const api = {
    exchange,
    recorder: createRecorder(systemClock),
    note: () => {},
    clock: systemClock,
    pause: async () => {},
    insistMs: 0,
    signal: over.signal,
  };
  const crowd: Crowd = {
    seed: 1,
    target: TARGET,
    api,
    holds: createHoldTimes(),
    isSoldOut: () => false,
  };
  const fans: Fan[] = planCrowd(OPTIONS).map((plan) =>
    Object.assign(createFan(plan, crowd), { account: 'somebody', token: 'somewhere' }),
  );
  const nobody = async () => ({ status: 0, body: {} });
  const end = await bringToEnd(fans, {
    api,
    operator: { ask: nobody, insist: nobody },
    clock: systemClock,
    wasStopped: false,
    holdTtlMs: 0,
    onPhase: () => {},
    onRead: () => {},
  });
  expect(end).toEqual({ audit: undefined, isSettled: false });
  // Those that were under way.
  expect(asked).toBeLessThan(160);
});

it('a rehearsal ends although the service does not come back', async () => {
  const server = createServer((request, response) => {
    if (request.url !== '/api/v1/guests') return response.writeHead(503).end();
    return response.end('{"accessToken":"somebody","userId":"a"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { isSettled, stories } = await rehearse({
      urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
      operatorToken: 'unknown',
      target: TARGET,
      holdTtlMs: 0,
      options: { ...OPTIONS, fans: 20 },
      // Three minutes are two seconds.
      clock: hastyClock(90),
      signal: NEVER,
      insistMs: 100,
    });
    expect(isSettled).toBe(false);
    expect(stories.map(({ end }) => end?.ending)).toEqual(stories.map(() => 'service away'));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}, 20_000);
