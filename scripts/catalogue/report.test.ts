import { expect, test } from 'vitest';
import type { Delivery, RefusedEntry } from './deliver.ts';
import { adviceOnChanged, reportCut, reportEnd } from './report.ts';

const none = { there: 0, before: 0 };

function delivery(of: Partial<Delivery> = {}): Delivery {
  const counts = { venues: none, concerts: none, performances: none };
  return { counts, seats: { total: 100, done: 0 }, refused: [], isComplete: false, ...of };
}

function refusal(of: Partial<RefusedEntry>): RefusedEntry {
  return { path: '/venues/0', message: 'differs', kind: 'venues', isChanged: true, ...of };
}

test.each(['interrupted', 'service away', 'operator unknown'] as const)(
  'cut off before the first answer (%s) it claims nothing of what is there',
  (cut) => {
    const said = reportCut(delivery(), cut);
    expect(said).toMatch(/^the service has confirmed nothing of the file\n/);
    expect(said).not.toMatch(/\d/);
  },
);

test('who is not known as the operator is told that the token comes first', () => {
  expect(reportCut(delivery(), 'operator unknown')).toContain(
    "With the operator's token in OPERATOR_TOKEN the same command goes on",
  );
});

test('cut off in the middle it names what was confirmed, and nothing that it did not come to', () => {
  const counts = { venues: { there: 1, before: 1 }, concerts: none, performances: none };
  expect(reportCut(delivery({ counts }), 'interrupted')).toBe(
    'there so far: 1 venue (1 before)\nThe same command goes on with it and makes nothing twice.\n',
  );
});

test('at the end everything is counted, one of a thing as one', () => {
  const counts = {
    venues: { there: 1, before: 0 },
    concerts: { there: 2, before: 1 },
    performances: { there: 1, before: 0 },
  };
  const whole = delivery({ counts, seats: { total: 1_000, done: 1_000 }, isComplete: true });
  expect(reportEnd(whole, 61)).toBe(
    'there after 1 min 1 s: 1 venue (0 before), 2 concerts (1 before), 1 performance (0 before), 1,000 of 1,000 seats\n' +
      'All of the file is there.\n',
  );
});

test('after a refusal it does not promise that the same command alone goes on', () => {
  const said = reportEnd(delivery({ refused: [refusal({})] }), 1);
  expect(said).toMatch(/^there after 1 s: nothing\nNot all of the file is there\. When what was refused/);
});

test('entries that differ are explained once, with where to see what is there', () => {
  const refused = [
    refusal({}),
    refusal({ path: '/venues/1' }),
    refusal({ kind: 'concerts', isChanged: false }),
  ];
  const said = adviceOnChanged(delivery({ refused }));
  expect(said.match(/GET /g)).toHaveLength(1);
  expect(said).toContain('GET /api/v1/admin/venues');
  expect(said).toContain('give what is new a new key');
  expect(adviceOnChanged(delivery({ refused: refused.slice(2) }))).toBe('');
});
