import { expect, test } from 'vitest';
import { readPlan } from './plan.ts';

const ROWS = [
  'Gather  (cost=1000.00..38000.00 rows=100000 width=8) (actual rows=100000.00 loops=1)',
  '  Workers Launched: 2',
  '  Buffers: shared hit=16000 read=675 dirtied=3',
  '  ->  Parallel Seq Scan on seat  (cost=0.00..27000.00 rows=41667 width=8) (actual rows=33333.33 loops=3)',
  '        Buffers: shared hit=16000 read=675',
  'Planning:',
  '  Buffers: shared hit=8',
  'Planning Time: 0.200 ms',
  'Execution Time: 95.123 ms',
];

test('a plan is its lines, its time and the pages of the whole', () => {
  expect(readPlan(ROWS)).toEqual({ lines: ROWS.slice(0, 5), executionMs: 95.123, pages: 16_675 });
});

test('pages are counted whether all, some or none were in memory', () => {
  const pagesOf = (buffers: string) =>
    readPlan([`Buffers: shared ${buffers}`, 'Execution Time: 1.0 ms']).pages;
  expect(pagesOf('hit=5')).toBe(5);
  expect(pagesOf('read=7')).toBe(7);
  expect(pagesOf('hit=5 read=7 written=1')).toBe(12);
});

test('what is no plan is refused', () => {
  expect(() => readPlan(['hello'])).toThrow('not a plan');
});
