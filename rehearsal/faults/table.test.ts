import { expect, test } from 'vitest';
import type { Played, Result } from './play.ts';
import type { Scenario } from './scenario.ts';
import { findingsOf, lineOf, tableOf } from './table.ts';

const scenario = (name: string, more: Partial<Scenario> = {}): Scenario => ({
  name,
  does: 'Something breaks.',
  mustHold: 'Nobody notices.',
  needs: [],
  lastsMs: 1,
  disturb: async () => {},
  ...more,
});

const played = (name: string, more: Partial<Played> = {}): Played => ({
  scenario: scenario(name),
  outcome: 'kept',
  figures: {
    asked: 10,
    ok: 7,
    refused: 2,
    unknown: 5,
    unknownBy: [
      ['service.overloaded', 2],
      ['ECONNRESET', 1],
      ['http 500', 1],
      ['rare', 1],
    ],
    silent: 1,
    failedP99Ms: 240,
    abrupt: [],
    unresolved: { actions: 3, done: 2, refused: 1, never: 0 },
    okP99Ms: 1_234,
    recoveredMs: 567,
    slowest: 'pay',
    missing: [],
  },
  findings: [],
  judged: { audit: 100, history: 200 },
  notes: ['two | kills', 'one\nline'],
  tookMs: 1,
  ...more,
});

const MARK = { date: '2026-11-28', commit: 'abc1234' };
const tableFor = (results: readonly Result[], before = '', names = results.map((one) => one.scenario.name)) =>
  tableOf(results, before, names, MARK);

test('a row tells what was done, seen and judged, in as many cells as the head has', () => {
  const [head = '', , row = ''] = tableFor([played('a')]).split('\n');
  expect(row).toBe(
    String.raw`| ${'`a`'} | Something breaks. Nobody notices. | two \| kills; one line | 10: 7 · 2 · 5 (2 service.overloaded, 1 ECONNRESET, 1 http 500); 1 of them nothing | 3: 2 done, 1 not | 1.2 s; 5xx 0.2 s | 0.6 s (pay) | kept: 100 things audited, 200 judged by what people were told | 2026-11-28, abc1234 |`,
  );
  const cells = (text: string) => text.split(/(?<!\\)\|/).length;
  expect(cells(row)).toBe(cells(head));
});

test('what was skipped or could not be played says why, in as many cells', () => {
  const rows = tableFor([
    { scenario: scenario('a'), outcome: 'skipped', because: 'only root may do that' },
    { scenario: scenario('b'), outcome: 'failed', because: 'no answer' },
  ]).split('\n');
  expect(rows[2]).toContain('| skipped: only root may do that |');
  expect(rows[3]).toContain('| failed: no answer |');
  expect(rows.map((row) => row.split('|').length)).toEqual([11, 11, 11, 11]);
});

test('what is broken stands out, and what had to be caught was', () => {
  const findings = ['I1: a', 'I2: b', 'I3: c', 'I4: d'];
  const broken = played('a', { outcome: 'broken', findings });
  expect(tableFor([broken])).toContain('**broken**: I1: a; I2: b; I3: c; and 1 more');
  expect(findingsOf(broken)).toEqual(findings);
  const caught = played('b', { scenario: scenario('b', { mustBeCaught: true }), findings });
  expect(tableFor([caught])).toContain('caught, as it has to be: 4 broken promises');
  expect(findingsOf(caught)).toEqual([]);
});

test('rows of faults that were not played stay, and those of faults that are no more go', () => {
  const before = tableFor([played('a'), played('b'), played('gone')]);
  const table = tableFor([played('b', { notes: ['new'] })], before, ['b', 'a', 'c']);
  const names = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(names).toEqual(['b', 'a']);
  expect(table).toContain('| new |');
  expect(table).toContain(before.split('\n')[2]);
});

test('in a terminal a line says the same in short', () => {
  expect(lineOf(played('a'), 3)).toBe(
    'a    kept    asked 10: 7 · 2 · 5 (2 service.overloaded, 1 ECONNRESET, 1 http 500); 1 of them nothing; unknown 3: 2 done, 1 not; 99 of 100 within 1.2 s; 5xx 0.2 s; went again after 0.6 s (pay)',
  );
});
