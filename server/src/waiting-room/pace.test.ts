import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faded, NO_PACE, type Pace, watched } from './pace.ts';

const perMinute = ({ count, spanMs }: Pace) => (count / spanMs) * 60_000;

/** A line that moves so fast, looked at so often. */
function moving(pace: Pace, admittedPerMinute: number, minutes: number, everyMs: number): Pace {
  let after = pace;
  for (let ms = 0; ms < minutes * 60_000; ms += everyMs) {
    after = watched(faded(after, everyMs), everyMs);
    after = { ...after, count: after.count + (admittedPerMinute * everyMs) / 60_000 };
  }
  return after;
}

test('a steady line is measured as it is, however often it is looked at', () => {
  for (const everyMs of [10, 250, 5_000]) {
    expect(perMinute(moving(NO_PACE, 100, 3, everyMs)) / 100).toBeCloseTo(1, 1);
  }
});

test('the last minutes count: a line that slowed down to a tenth is known to be slow after ten of them', () => {
  const after = moving(moving(NO_PACE, 100, 60, 1_000), 10, 10, 1_000);
  expect(perMinute(after)).toBeGreaterThan(10);
  expect(perMinute(after)).toBeLessThan(11);
});

test('time in which nobody waited fades what is known, but does not change what it says', () => {
  const pace = moving(NO_PACE, 30, 5, 1_000);
  const later = faded(pace, 300_000);
  expect(perMinute(later)).toBeCloseTo(perMinute(pace), 6);
  expect(later.count).toBeLessThan(pace.count / 10);
});

test('what is known stays bounded, and a look more in between changes nothing', () => {
  const gap = fc.double({ min: 0, max: 10_000_000, noNaN: true });
  fc.assert(
    fc.property(gap, gap, (one, other) => {
      const pace = { count: 10, spanMs: 50_000 };
      const apart = watched(faded(watched(faded(pace, one), one), other), other);
      const together = watched(faded(pace, one + other), one + other);
      expect(apart.count).toBeCloseTo(together.count, 6);
      expect(apart.spanMs).toBeCloseTo(together.spanMs, 3);
      expect(together.spanMs).toBeLessThanOrEqual(120_001);
      expect(faded(pace, -one)).toEqual(pace);
      expect(watched(pace, -one)).toEqual(pace);
    }),
  );
});
