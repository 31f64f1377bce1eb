import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { AGAIN, type BatcherOptions, createBatcher, Overloaded } from './batcher.ts';
import type { Clock } from './clock.ts';
import { DatabaseFault } from './postgres/faults.ts';

type Run = BatcherOptions<string, string>['run'];

/** Time passes only when somebody sleeps, or when a test says so. */
function createTestClock(): Clock & { nowMs: number } {
  const clock = {
    nowMs: 0,
    monotonicMs: () => clock.nowMs,
    wallMs: () => clock.nowMs,
    sleep: (ms: number) => {
      clock.nowMs += ms;
      return Promise.resolve();
    },
  };
  return clock;
}

function fault(sqlstate: string): DatabaseFault {
  return new DatabaseFault('test', Object.assign(new Error(sqlstate), { severity: 'ERROR', code: sqlstate }));
}
const deadlock = () => fault('40P01');
const uniqueKey = () => fault('23505');
const badValue = () => fault('22001');
const connectionLost = () => new DatabaseFault('test', new Error('Connection terminated unexpectedly'));

function createTestBatcher(run: Run, options: Partial<BatcherOptions<string, string>> = {}) {
  const batches: string[][] = [];
  const clock = createTestClock();
  const batcher = createBatcher<string, string>({
    name: 'test',
    run: (requests) => {
      batches.push([...requests]);
      return run(requests);
    },
    batchMax: 8,
    waitingMax: 100,
    clock,
    ...options,
  });
  const submitAll = (requests: readonly string[]) =>
    Promise.allSettled(requests.map((request) => batcher.submit(request)));
  return { batcher, batches, clock, submitAll };
}

function times<T>(count: number, item: T): T[] {
  return Array.from({ length: count }, () => item);
}

const echo: Run = async (requests) => requests.map((request) => request.toUpperCase());

/** Holds the first batch until it is let go, so that others have to wait. */
function createGate() {
  const { promise, resolve: open } = Promise.withResolvers<void>();
  const closedFirst =
    (run: Run): Run =>
    async (requests) => {
      if (requests[0] === 'first') await promise;
      return run(requests);
    };
  return { open, closedFirst };
}

test('an idle batcher answers at once, alone', async () => {
  const { batcher, batches } = createTestBatcher(echo);
  await expect(batcher.submit('a')).resolves.toBe('A');
  await expect(batcher.submit('b')).resolves.toBe('B');
  expect(batches).toEqual([['a'], ['b']]);
});

test('requests of one moment ride together, each with its own outcome', async () => {
  const { submitAll, batches } = createTestBatcher(echo);
  const outcomes = await submitAll(['a', 'b', 'c']);
  expect(outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value)).toEqual(['A', 'B', 'C']);
  expect(batches).toEqual([['a', 'b', 'c']]);
});

test('whoever comes while a batch is under way is in the next one, in order of arrival, up to the most', async () => {
  const gate = createGate();
  const { batcher, batches, submitAll } = createTestBatcher(gate.closedFirst(echo), { batchMax: 3 });
  const first = batcher.submit('first');
  await turn();
  const others = submitAll(['a', 'b', 'c', 'd']);
  expect(batcher.waiting).toBe(4);
  gate.open();
  await Promise.all([first, others]);
  expect(batches).toEqual([['first'], ['a', 'b', 'c'], ['d']]);
  expect(batcher.waiting).toBe(0);
});

test('of a crowd half rides at a time, so that the answers of one half are made while the other is under way', async () => {
  const gate = createGate();
  const { batches, submitAll } = createTestBatcher(gate.closedFirst(echo), {
    batchMax: 6,
    undividedMax: 2,
  });
  const first = submitAll(['first']);
  await turn();
  const crowd = submitAll(times(20, 'x'));
  gate.open();
  await Promise.all([first, crowd]);
  expect(batches.map((batch) => batch.length)).toEqual([1, 6, 6, 4, 2, 2]);
});

test('what was not decided rides again, first of all, in its old order', async () => {
  const asked = new Set<string>();
  const gate = createGate();
  const run: Run = async (requests) =>
    requests.map((request, index) => {
      const isNew = !asked.has(request);
      asked.add(request);
      return index > 0 && isNew && request.startsWith('again') ? AGAIN : request.toUpperCase();
    });
  const { batcher, batches, submitAll } = createTestBatcher(gate.closedFirst(run), { batchMax: 4 });
  const first = batcher.submit('first');
  await turn();
  const others = submitAll(['a', 'again1', 'b', 'again2', 'c', 'd']);
  gate.open();
  await Promise.all([first, others]);
  expect(batches).toEqual([['first'], ['a', 'again1', 'b', 'again2'], ['again1', 'again2', 'c', 'd']]);
});

test('one culprit gets the error and nobody else does', async () => {
  const { submitAll, batches } = createTestBatcher((requests) =>
    requests.includes('culprit') ? Promise.reject(badValue()) : echo(requests),
  );
  const outcomes = await submitAll(['a', 'b', 'c', 'culprit', 'd', 'e', 'f']);
  expect(outcomes.map((outcome) => outcome.status)).toEqual([
    ...Array<string>(3).fill('fulfilled'),
    'rejected',
    ...Array<string>(3).fill('fulfilled'),
  ]);
  expect(outcomes[3]).toMatchObject({ reason: { sqlstate: '22001' } });
  // Halving, not one by one.
  expect(batches.map((batch) => batch.length)).toEqual([7, 4, 2, 2, 1, 1, 3]);
});

test('after a split, what the first half left undecided still comes before the second half', async () => {
  const asked = new Set<string>();
  const { submitAll, batches } = createTestBatcher(async (requests) => {
    if (requests.includes('culprit')) throw badValue();
    return requests.map((request, index) => {
      const isNew = !asked.has(request);
      asked.add(request);
      return request === 'again' && isNew && index > 0 ? AGAIN : request;
    });
  });
  await submitAll(['a', 'again', 'b', 'culprit']);
  expect(batches).toEqual([
    ['a', 'again', 'b', 'culprit'],
    ['a', 'again'],
    ['again', 'b', 'culprit'],
    ['again', 'b'],
    ['culprit'],
  ]);
});

test('a deadlock is tried again as a whole, a bounded number of times', async () => {
  let failures = 3;
  const { submitAll, batches, clock } = createTestBatcher((requests) =>
    failures-- > 0 ? Promise.reject(deadlock()) : echo(requests),
  );
  const outcomes = await submitAll(['a', 'b']);
  expect(outcomes.every((outcome) => outcome.status === 'fulfilled')).toBe(true);
  expect(batches).toEqual(times(4, ['a', 'b']));
  expect(clock.nowMs).toBeGreaterThan(0);

  failures = Infinity;
  batches.length = 0;
  const hopeless = await submitAll(['a', 'b']);
  expect(hopeless).toMatchObject(times(2, { status: 'rejected', reason: { kind: 'again' } }));
  expect(batches).toEqual(times(6, ['a', 'b']));
});

test('a unique key that somebody else just took is looked at again, for the one that it concerns', async () => {
  let taken = false;
  const { submitAll, batches } = createTestBatcher(async (requests) => {
    if (requests.includes('same') && !(taken && requests.length === 1)) {
      if (requests.length === 1) taken = true;
      throw uniqueKey();
    }
    return echo(requests);
  });
  const outcomes = await submitAll(['a', 'same']);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'fulfilled']);
  expect(batches).toEqual([['a', 'same'], ['a'], ['same'], ['same']]);
});

test('a lost database fails the whole batch at once, without asking again for each', async () => {
  const { submitAll, batches } = createTestBatcher(() => Promise.reject(connectionLost()));
  const outcomes = await submitAll(['a', 'b', 'c']);
  expect(outcomes).toMatchObject(times(3, { status: 'rejected', reason: { kind: 'down' } }));
  expect(batches).toEqual([['a', 'b', 'c']]);
});

test('one more than may wait is refused at once, and the others are served', async () => {
  const gate = createGate();
  const { batcher, submitAll } = createTestBatcher(gate.closedFirst(echo), { waitingMax: 2 });
  const first = batcher.submit('first');
  await turn();
  const waiting = submitAll(['a', 'b']);
  await expect(batcher.submit('c')).rejects.toBeInstanceOf(Overloaded);
  gate.open();
  await first;
  expect((await waiting).map((outcome) => outcome.status)).toEqual(['fulfilled', 'fulfilled']);
  await expect(batcher.submit('c')).resolves.toBe('C');
});

test('whoever waited too long behind a batch that hung is refused, not tried', async () => {
  const gate = createGate();
  const { batcher, batches, clock, submitAll } = createTestBatcher(gate.closedFirst(echo));
  const first = batcher.submit('first');
  await turn();
  const early = submitAll(['a', 'b']);
  clock.nowMs = 5_000;
  const late = submitAll(['c']);
  clock.nowMs = 5_001;
  gate.open();
  await first;
  expect(await early).toMatchObject(times(2, { status: 'rejected', reason: { name: 'Overloaded' } }));
  expect(await late).toMatchObject([{ status: 'fulfilled', value: 'C' }]);
  expect(batches).toEqual([['first'], ['c']]);
});

test.each<[string, Run]>([
  ['too few outcomes', async (requests) => requests.slice(1)],
  ['an undecided first', async (requests) => requests.map(() => AGAIN)],
])('a bug after the effects (%s) is told to all and never runs them twice', async (_, run) => {
  const { submitAll, batches } = createTestBatcher(run);
  const outcomes = await submitAll(['a', 'b', 'c']);
  expect(outcomes).toMatchObject(times(3, { status: 'rejected', reason: { code: 'ERR_ASSERTION' } }));
  expect(batches).toHaveLength(1);
});

test('every batch is observed, with its size', async () => {
  const observe = vi.fn<(name: string, requests: number, durationMs: number) => void>();
  const { submitAll } = createTestBatcher(echo, { observe, batchMax: 2 });
  await submitAll(['a', 'b', 'c']);
  await turn();
  expect(observe.mock.calls).toEqual([
    ['test', 2, 0],
    ['test', 1, 0],
  ]);
});

/** What may happen to a request: it is fine, it is undecided so many times, or it breaks every batch it is in. */
const fate = fc.oneof(
  { weight: 6, arbitrary: fc.constant('fine' as const) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 1, arbitrary: fc.constant('culprit' as const) },
);

test('property: each request takes effect exactly once, culprits fail alone, and requests for one thing keep their order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ fate, thing: fc.integer({ min: 0, max: 3 }), pause: fc.boolean() }), {
        maxLength: 60,
      }),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.boolean()),
      async (plan, batchMax, unlucky) => {
        const undecided = plan.map((request) => (typeof request.fate === 'number' ? request.fate : 0));
        const effects: number[] = [];
        let deadlocks = 0;
        const batcher = createBatcher<number, number>({
          name: 'model',
          batchMax,
          waitingMax: 1_000,
          clock: createTestClock(),
          run: async (requests) => {
            assert(requests.length <= batchMax);
            await turn();
            if (deadlocks < 3 && unlucky.next().value) {
              deadlocks += 1;
              throw deadlock();
            }
            deadlocks = 0;
            if (requests.some((index) => plan[index]?.fate === 'culprit')) throw badValue();
            const blocked = new Set<number>();
            const committed: number[] = [];
            const outcomes = requests.map((index, place) => {
              const thing = plan[index]?.thing ?? 0;
              const wants = place > 0 && (undecided[index] ?? 0) > 0;
              if (blocked.has(thing) || wants) {
                undecided[index] = (undecided[index] ?? 0) - 1;
                blocked.add(thing);
                return AGAIN;
              }
              committed.push(index);
              return index * 10;
            });
            effects.push(...committed);
            return outcomes;
          },
        });
        const promises: Promise<number>[] = [];
        for (const [index, { pause }] of plan.entries()) {
          const outcome = batcher.submit(index);
          outcome.catch(() => {}); // looked at below
          promises.push(outcome);
          if (pause) await turn();
        }
        const settled = await Promise.allSettled(promises);

        const fine = [...plan.keys()].filter((index) => plan[index]?.fate !== 'culprit');
        expect(effects.toSorted((a, b) => a - b)).toEqual(fine);
        for (const [index, { thing }] of plan.entries()) {
          const outcome = settled[index];
          if (plan[index]?.fate === 'culprit')
            expect(outcome).toMatchObject({ reason: { sqlstate: '22001' } });
          else expect(outcome).toEqual({ status: 'fulfilled', value: index * 10 });
          const same = effects.filter((effect) => plan[effect]?.thing === thing);
          expect(same).toEqual(same.toSorted((a, b) => a - b));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('the next batch is under way before those of the last one are told', async () => {
  const seen: string[] = [];
  const { batcher } = createTestBatcher(
    (requests) => {
      seen.push(`began ${requests.join('')}`);
      return echo(requests);
    },
    { batchMax: 2 },
  );
  await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (request) => {
      await batcher.submit(request);
      seen.push(request);
    }),
  );
  expect(seen).toEqual(['began ab', 'began cd', 'a', 'b', 'c', 'd']);
});
