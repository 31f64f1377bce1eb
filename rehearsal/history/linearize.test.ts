import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearize, type Step } from './linearize.ts';

const VISITS_MAX = 100_000;
const write = (value: number, fromMs: number, byMs: number, isCertain = true): Step<number> => ({
  fromMs,
  byMs,
  isCertain,
  apply: () => value,
});
const read = (value: number, fromMs: number, byMs: number): Step<number> => ({
  fromMs,
  byMs,
  isCertain: true,
  apply: (state) => (state === value ? state : undefined),
});
const outcomeOf = (...steps: Step<number>[]) => linearize(steps, 0, VISITS_MAX).outcome;

describe('an order of what happened', () => {
  it('is there for nothing at all', () => {
    expect(outcomeOf()).toBe('order');
  });

  it('is told by the steps in it', () => {
    const found = linearize([read(2, 4, 5), write(1, 0, 1), write(2, 2, 3)], 0, VISITS_MAX);
    expect(found).toEqual({ outcome: 'order', order: [1, 2, 0] });
  });

  it('lets a read that overlaps a write see the old value or the new one', () => {
    expect(outcomeOf(write(1, 0, 10), read(0, 2, 3))).toBe('order');
    expect(outcomeOf(write(1, 0, 10), read(1, 2, 3))).toBe('order');
  });

  it('does not let the new value be followed by the old one', () => {
    expect(outcomeOf(write(1, 0, 10), read(1, 2, 3), read(0, 4, 5))).toBe('none');
    expect(outcomeOf(write(1, 0, 10), read(0, 2, 3), read(1, 4, 5))).toBe('order');
  });

  it('does not let a read miss a write that was over before it', () => {
    expect(outcomeOf(write(1, 0, 1), read(0, 2, 3))).toBe('none');
  });

  it('is the same for two who read, and not one for each', () => {
    const writes = [write(1, 0, 10), write(2, 0, 10)];
    expect(outcomeOf(...writes, read(1, 11, 12), read(1, 13, 14))).toBe('order');
    expect(outcomeOf(...writes, read(1, 11, 12), read(2, 13, 14))).toBe('none');
  });

  it('has what is uncertain where it is needed, and nowhere else', () => {
    expect(outcomeOf(write(1, 0, 1, false), read(1, 50, 60))).toBe('order');
    expect(outcomeOf(write(1, 0, 1, false), read(0, 50, 60))).toBe('order');
    expect(outcomeOf(write(1, 70, 71, false), read(1, 50, 60))).toBe('none');
    expect(outcomeOf(write(1, 0, 1, false), read(1, 2, 3), read(0, 4, 5))).toBe('none');
  });

  it('names what can have no place in it', () => {
    const found = linearize([write(1, 0, 1), read(0, 2, 3), read(1, 2, 9)], 0, VISITS_MAX);
    expect(found).toMatchObject({ outcome: 'none', stuck: [1] });
  });

  it('is not looked for without an end', () => {
    const steps = Array.from({ length: 20 }, (_, index) => write(index + 1, 0, 10));
    expect(linearize([...steps, read(99, 11, 12)], 0, 1_000).outcome).toBe('undecided');
  });

  it('is found wherever there is one: of whatever was made from an order', () => {
    const action = fc.record({
      before: fc.integer({ min: 0, max: 30 }),
      after: fc.integer({ min: 0, max: 30 }),
      value: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      isKnown: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        let state = 0;
        const steps = actions.map(({ before, after, value, isKnown }, index) => {
          const [fromMs, byMs] = [index * 10 - before, index * 10 + after];
          if (value === undefined) return read(state, fromMs, byMs);
          state = value;
          return isKnown ? write(value, fromMs, byMs) : write(value, fromMs, 0, false);
        });
        expect(outcomeOf(...steps)).toBe('order');
      }),
    );
  });
});
