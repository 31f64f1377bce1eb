import { expect, test } from 'vitest';
import type { Delivery } from './deliver.ts';
import { createProgress, duration, progressLine } from './progress.ts';

function delivery(done: number, total = 2_000_000): Delivery {
  const some = (there: number) => ({ there, before: 0 });
  return {
    counts: { venues: some(40), concerts: some(91), performances: some(77) },
    seats: { total, done },
    refused: [],
    isComplete: false,
  };
}

const one = () => ({ there: 1, before: 0 });

/** A clock that is set by hand, and what was written. */
function world(isTTY: boolean) {
  const written: string[] = [];
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: async () => {} };
  const progress = createProgress(clock, { isTTY, write: (text) => written.push(text) });
  const at = (ms: number, done: number) => {
    nowMs = ms;
    progress.show(delivery(done));
  };
  return { progress, written, at };
}

test('the line says what is there, how fast it goes, and how long it takes', () => {
  expect(progressLine(delivery(812_000), 20)).toBe(
    '40 venues, 91 concerts, 77 performances · 812,000 of 2,000,000 seats (40 %) · 20,000 seats/s · 1 min 0 s left',
  );
});

test('one of a thing is one', () => {
  const counts = { venues: one(), concerts: one(), performances: one() };
  expect(progressLine({ ...delivery(1, 1), counts }, 0)).toBe(
    '1 venue, 1 concert, 1 performance · 1 of 1 seat (100 %)',
  );
});

test('without a measured rate nothing is promised, and no seats are all seats', () => {
  expect(progressLine(delivery(0, 0), 0)).toMatch(/0 of 0 seats \(100 %\)$/);
});

test('anywhere but on a terminal there is a line every five seconds', () => {
  const { written, at } = world(false);
  for (let ms = 0; ms <= 10_000; ms += 1_000) at(ms, ms * 10);
  expect(written).toHaveLength(2);
  expect(written[1]).toMatch(/^40 venues.* 100,000 of .* 10,000 seats\/s .*\n$/);
});

test('on a terminal one line is rewritten, and what is said in between gets one of its own', () => {
  const { written, at, progress } = world(true);
  at(200, 0);
  at(300, 1);
  at(400, 2);
  progress.say('trying again');
  progress.end();
  const line = expect.stringMatching(/^\r.\[2K40 venues.*$/);
  expect(written).toEqual([line, line, '\n', 'trying again\n']);
});

test('a rate counts only what was done while it was looked at', () => {
  const { written, at } = world(false);
  at(5_000, 0);
  at(10_000, 1_000_000); // there before, and answered at once
  at(20_000, 1_100_000);
  expect(written[2]).toContain('10,000 seats/s · 1 min 30 s left');
});

test('times are in minutes and seconds', () => {
  expect([59, 60, 125].map(duration)).toEqual(['59 s', '1 min 0 s', '2 min 5 s']);
});
