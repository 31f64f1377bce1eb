import { describe, expect, it } from 'vitest';
import { BEHAVIOURS, type CrowdOptions, type Mix, planCrowd, streamOf, USUAL_MIX } from './plan.ts';

const NOBODY = Object.fromEntries(BEHAVIOURS.map((behaviour) => [behaviour, 0])) as Mix;
const USUAL: CrowdOptions = {
  seed: 1,
  fans: 2_000,
  seatsEach: 4,
  curve: { kind: 'ramp', overS: 20 },
  thinkScale: 1,
  mix: USUAL_MIX,
  patienceS: 600,
};
const share = <T>(items: readonly T[], holds: (item: T) => boolean) =>
  items.filter((item) => holds(item)).length / items.length;

describe('the plans of a crowd', () => {
  it('are the same for the same seed and options', () => {
    expect(planCrowd(USUAL)).toEqual(planCrowd(USUAL));
    expect(planCrowd({ ...USUAL, seed: 2 })).not.toEqual(planCrowd(USUAL));
  });

  it('of the first fans do not depend on how many come', () => {
    expect(planCrowd({ ...USUAL, fans: 50 })).toEqual(planCrowd(USUAL).slice(0, 50));
  });

  it('differ from fan to fan, and between seeds that lie side by side', () => {
    const firsts = [1, 2, 3].flatMap((seed) =>
      planCrowd({ ...USUAL, seed, fans: 300 }).map(({ arrivesMs, favourite }) => `${arrivesMs} ${favourite}`),
    );
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it('have each behaviour in about the share that was asked for, and those of 0 and 100 exactly', () => {
    const mix: Mix = { ...NOBODY, 'never-pays': 30, 'clicks-twice': 100 };
    const plans = planCrowd({ ...USUAL, mix });
    expect(share(plans, ({ does }) => does.has('never-pays'))).toBeCloseTo(0.3, 1);
    expect(share(plans, ({ does }) => does.has('clicks-twice'))).toBe(1);
    expect(share(plans, ({ does }) => does.has('reloads'))).toBe(0);
  });

  it('change in nothing else when a share changes', () => {
    const others = planCrowd({ ...USUAL, mix: { ...USUAL_MIX, 'never-pays': 100 } });
    for (const [index, plan] of planCrowd(USUAL).entries()) {
      const does = new Set([...plan.does, 'never-pays']);
      expect(new Set(others[index]?.does)).toEqual(does);
      expect({ ...others[index], does }).toEqual({ ...plan, does });
    }
  });

  it('bring everybody at once, evenly over the time, or in waves', () => {
    const arrivals = (curve: CrowdOptions['curve']) =>
      planCrowd({ ...USUAL, curve }).map(({ arrivesMs }) => arrivesMs);
    expect(new Set(arrivals({ kind: 'at-once' }))).toEqual(new Set([0]));

    const ramp = arrivals({ kind: 'ramp', overS: 20 });
    expect(Math.max(...ramp)).toBeLessThanOrEqual(20_000);
    expect(share(ramp, (atMs) => atMs < 5_000)).toBeCloseTo(0.25, 1);

    const waves = arrivals({ kind: 'waves', count: 4, overS: 40 });
    for (const begin of [0, 10_000, 20_000, 30_000]) {
      expect(share(waves, (atMs) => atMs >= begin && atMs <= begin + 1_000)).toBeCloseTo(0.25, 1);
    }
    expect(share(waves, (atMs) => atMs % 10_000 > 1_000)).toBe(0);
  });

  it('want one to so many seats, mostly in front', () => {
    const plans = planCrowd({ ...USUAL, seatsEach: 2 });
    expect(new Set(plans.map(({ seatCount }) => seatCount))).toEqual(new Set([1, 2]));
    expect(share(plans, ({ favourite }) => favourite < 0.25)).toBeGreaterThan(0.55);
    expect(share(plans, ({ favourite }) => favourite > 0.75)).toBeGreaterThan(0.05);
  });

  it('have no pauses when nobody thinks', () => {
    const [first] = planCrowd({ ...USUAL, thinkScale: 0 });
    expect(first?.thinkMs).toEqual({ dates: 0, choose: 0, pay: 0 });
  });
});

it('a fan’s chance for one purpose is not that for another', () => {
  const drawn = (purpose: 'plan' | 'seats' | 'pauses') => {
    const chance = streamOf(7, 3, purpose);
    return Array.from({ length: 8 }, () => chance.between(0, 1_000_000));
  };
  expect(drawn('seats')).toEqual(drawn('seats'));
  expect(drawn('seats')).not.toEqual(drawn('plan'));
  expect(drawn('seats')).not.toEqual(drawn('pauses'));
});
