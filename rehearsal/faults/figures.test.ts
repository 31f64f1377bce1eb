import { expect, test } from 'vitest';
import type { History, Operation, What } from '../history/operation.ts';
import { figuresOf } from './figures.ts';

interface Sent {
  readonly what: What;
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly outcome: Operation['outcome'];
  readonly key?: string;
  readonly isFinal?: boolean;
  readonly status?: number;
  readonly retryAfterS?: number;
}

function historyOf(sent: readonly Sent[]): History {
  const operations = sent.map((one, id) => ({
    id,
    userId: 'fan',
    device: 0,
    instance: 0,
    status: 200,
    asked: null,
    key: null,
    isFinal: false,
    problem: 'away',
    ...one,
  })) as unknown as Operation[];
  return { room: 'r', performanceId: 1, holdTtlMs: 1, takenBefore: [], operations };
}

const MOMENTS = { faultMs: 100, healedMs: 200 };
const PATHS = ['join', 'look', 'map', 'hold', 'charge', 'pay'] as const;
const after = (what: What, answeredMs: number): Sent => ({ what, sentMs: 190, answeredMs, outcome: 'ok' });

test('what was sent under the fault is counted by its outcome', () => {
  const at = (sentMs: number, outcome: Operation['outcome']): Sent => ({
    what: 'look',
    sentMs,
    answeredMs: sentMs + 5,
    outcome,
  });
  const sent = [at(99, 'ok'), at(100, 'ok'), at(150, 'refused'), at(200, 'unknown'), at(201, 'unknown')];
  const final: Sent = { ...at(150, 'ok'), isFinal: true };
  expect(figuresOf(historyOf([...sent, final]), MOMENTS)).toMatchObject({
    asked: 3,
    ok: 1,
    refused: 1,
    unknown: 1,
    unknownBy: [['away', 1]],
  });
});

test('it goes again when the last of what buyers do is done once more', () => {
  const sent = PATHS.map((what, index) => after(what, 210 + index));
  expect(figuresOf(historyOf([...sent, after('pay', 900)]), MOMENTS)).toMatchObject({
    recoveredMs: 15,
    slowest: 'pay',
    missing: [],
  });
});

test('what is tried and never goes again is named; what nobody tries is not', () => {
  const before: Sent = { what: 'hold', sentMs: 10, answeredMs: 20, outcome: 'ok' };
  const refused: Sent = { what: 'pay', sentMs: 300, answeredMs: 310, outcome: 'refused' };
  const sent = PATHS.filter((what) => what !== 'hold' && what !== 'pay').map((what) => after(what, 210));
  expect(figuresOf(historyOf([...sent, before, refused]), MOMENTS).missing).toEqual(['pay']);
});

test('an action that was once unknown is told by a later try with its key, or never', () => {
  const tries = (key: string, ...outcomes: Operation['outcome'][]): Sent[] =>
    outcomes.map((outcome, n) => ({ what: 'pay', sentMs: n, answeredMs: n + 1, outcome, key }));
  const sent = [
    ...tries('a', 'unknown', 'unknown', 'ok'),
    ...tries('b', 'unknown', 'refused'),
    ...tries('c', 'unknown'),
    ...tries('d', 'ok'),
  ];
  expect(figuresOf(historyOf(sent), MOMENTS).unresolved).toEqual({
    actions: 3,
    done: 1,
    refused: 1,
    never: 1,
  });
});

test('how quickly it was said that something cannot be done, and how often nothing was said', () => {
  const at = (tookMs: number, status: number): Sent => ({
    what: 'hold',
    sentMs: 150,
    answeredMs: 150 + tookMs,
    outcome: 'unknown',
    status,
  });
  expect(figuresOf(historyOf([at(7, 503), at(3, 500), at(900, 0)]), MOMENTS)).toMatchObject({
    failedP99Ms: 7,
    silent: 1,
  });
  expect(figuresOf(historyOf([at(900, 0)]), MOMENTS).failedP99Ms).toBeNull();
});

test('a 503 that does not say when to come again is found, whenever it was', () => {
  const at = (sentMs: number, status: number, more: Partial<Sent> = {}): Sent => ({
    what: 'hold',
    sentMs,
    answeredMs: sentMs + 1,
    outcome: 'unknown',
    status,
    ...more,
  });
  const sent = [at(10, 503), at(150, 503, { retryAfterS: 1 }), at(150, 500), at(150, 0), at(900, 503)];
  expect(figuresOf(historyOf(sent), MOMENTS).abrupt.map(({ sentMs }) => sentMs)).toEqual([10, 900]);
});
