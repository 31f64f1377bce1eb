/**
 * Goal: the checker neither cries wolf nor is blind.
 * Method: a small service in memory, with slow ways, lost answers, late effects, lapses and memory that is behind, is
 * asked by a crowd in virtual time. As it is, no history of it may have a contradiction; with any one of its bugs, the
 * check that is there for it finds one.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkHistory } from './check-history.ts';
import { type Bug, BUGS } from './simulation/bugs.ts';
import { simulate } from './simulation/simulate.ts';

const FANS = 12;
/** A bug shows only where chance leads to it. */
const SEEDS = 40;
/** The machine may be busy. */
const PATIENCE_MS = 180_000;

describe('the history of a right service', () => {
  it('has no contradiction, whatever happens', { timeout: PATIENCE_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 20 }), async (seed, fans) => {
        const { contradictions, judgements } = checkHistory(await simulate({ seed, fans }));
        expect(contradictions).toEqual([]);
        expect(judgements.filter(({ undecided }) => undecided > 0)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('has everything in it that is worth judging', async () => {
    const { counts, coverage } = checkHistory(await simulate({ seed: 1, fans: 60 }));
    expect(Object.entries(counts).filter(([, judged]) => judged === 0)).toEqual([]);
    const { resolved, ...others } = coverage;
    const unseen = Object.entries({ ...others, ...resolved }).filter(([, count]) => count === 0);
    expect(unseen.map(([what]) => what)).toEqual(['peopleUnseen', 'peopleOnDevices']);
  });
});

describe('of a service that', () => {
  it.each(Object.entries(BUGS) as [Bug, string][])(
    '%s, it is found that not: %s',
    { timeout: PATIENCE_MS },
    async (bug, check) => {
      const found = new Set<string>();
      for (let seed = 0; seed < SEEDS && !found.has(check); seed++) {
        const { contradictions } = checkHistory(await simulate({ seed, fans: FANS, bug }));
        for (const contradiction of contradictions) found.add(contradiction.check);
      }
      expect([...found]).toContain(check);
    },
  );
});
