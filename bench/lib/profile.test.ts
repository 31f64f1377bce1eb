import { describe, expect, test } from 'vitest';
import { type CpuProfile, profilesPage } from './profile.ts';

const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
  children,
});

/** What the first sample finds, when the profiler has begun. */
const STARTED = 1;

/** Samples of one after the other, a millisecond each. */
function profileOf(nodes: CpuProfile['nodes'], samples: number[]): CpuProfile {
  return { nodes, samples: [STARTED, ...samples], timeDeltas: [400_000, ...samples.map(() => 1_000)] };
}

const FRONTROW = 'file:///frontrow/server/src';
const PG = 'file:///frontrow/node_modules/pg/lib/client.js';

describe('a profile', () => {
  test("is told by kinds of work: what Node does is its caller's", () => {
    const nodes = [
      node(1, '(root)', '', [2, 3, 5, 6]),
      node(2, '(idle)', ''),
      node(3, 'holdSeats', `${FRONTROW}/seats/hold-seats.ts`, [4]),
      node(4, 'map', ''),
      node(5, 'emit', 'node:events'),
      node(6, '(garbage collector)', ''),
    ];
    const page = profilesPage([{ title: 'holds', profile: profileOf(nodes, [2, 4, 4, 3, 5, 6, 2, 2]) }]);
    expect(page).toEqual(
      expect.arrayContaining([
        '| seats | 37.5 % |',
        '| waiting for something to do | 37.5 % |',
        "| Node's own: HTTP, streams, timers, promises | 12.5 % |",
        '| collecting garbage | 12.5 % |',
        '| holdSeats, src/seats/hold-seats.ts:10 | 12.5 % |',
      ]),
    );
  });

  test('tells a write to PostgreSQL from one to a client', () => {
    const nodes = [
      node(1, '(root)', '', [2, 5]),
      node(2, 'submit', PG, [3]),
      node(3, 'doWrite', 'node:internal/streams/writable', [4]),
      node(4, 'writev', ''),
      node(5, 'end', 'node:_http_outgoing', [6]),
      node(6, 'writeUtf8String', ''),
    ];
    const page = profilesPage([{ title: 'holds', profile: profileOf(nodes, [4, 4, 3, 6]) }]);
    expect(page).toContain('| sending to PostgreSQL, and taking its answers in | 75.0 % |');
    expect(page).toContain('| sending to clients | 25.0 % |');
  });

  test('has a chapter for each load', () => {
    const profile = profileOf([node(1, '(idle)', '')], [1]);
    const page = profilesPage([
      { title: 'idle', profile },
      { title: 'half', profile },
    ]);
    expect(page.filter((line) => line.startsWith('## '))).toEqual(['## idle', '## half']);
  });

  test('begins when the profiler has begun, which is none of what is measured', () => {
    const nodes = [node(1, '(root)', '', [2]), node(2, '(idle)', '')];
    const page = profilesPage([{ title: 'idle', profile: profileOf(nodes, [2, 2]) }]);
    expect(page).toContain("0.0 s of the service's thread:");
    expect(page).toContain('| waiting for something to do | 100.0 % |');
  });
});
