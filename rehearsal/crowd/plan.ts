/**
 * Who comes: what each fan is going to do, drawn before the first one arrives. The same seed and options give the same
 * plans, however quick or slow the service is: each fan has streams of chance of their own.
 */
import { type Chance, createChance } from '../../scripts/support/random.ts';

/** What some of the fans do besides buying. A fan may do several. */
export const BEHAVIOURS = [
  'changes-mind',
  'never-pays',
  'clicks-twice',
  'reloads',
  'comes-back',
  'gives-up',
  'charges-little',
  'pays-now',
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** How many of a hundred fans do it. */
export type Mix = Readonly<Record<Behaviour, number>>;

export const USUAL_MIX: Mix = {
  'changes-mind': 8,
  'never-pays': 6,
  'clicks-twice': 10,
  reloads: 10,
  'comes-back': 8,
  'gives-up': 5,
  'charges-little': 8,
  'pays-now': 10,
};

/** How they arrive: all in one moment, evenly over some seconds, or in so many waves. */
export type Curve =
  | { readonly kind: 'at-once' }
  | { readonly kind: 'ramp'; readonly overS: number }
  | { readonly kind: 'waves'; readonly count: number; readonly overS: number };

export interface CrowdOptions {
  readonly seed: number;
  readonly fans: number;
  /** Most seats that one fan wants; each wants 1 to so many. */
  readonly seatsEach: number;
  readonly curve: Curve;
  /** 1: as people do. 0: no pause at all. */
  readonly thinkScale: number;
  readonly mix: Mix;
  /** How long a fan looks for seats, once let in. */
  readonly patienceS: number;
}

export interface Plan {
  /** From 0. */
  readonly index: number;
  readonly arrivesMs: number;
  readonly seatCount: number;
  readonly does: ReadonlySet<Behaviour>;
  /** In line; infinite for whoever does not give up. */
  readonly waitsMs: number;
  readonly looksForMs: number;
  /** Where in the house they look first, from 0, the front, to 1. */
  readonly favourite: number;
  /** Whoever changes their mind: whether other seats are chosen then. */
  readonly choosesOthers: boolean;
  /** Whoever comes back on another device: while waiting, or while their seats are held. */
  readonly comesBack: 'waiting' | 'holding';
  /** Pauses before: reading the dates, choosing, paying. */
  readonly thinkMs: { readonly dates: number; readonly choose: number; readonly pay: number };
}

const SECOND_MS = 1000;
const WAVE_MS = SECOND_MS;
const FINE = 1_000_000;

export function planCrowd(options: CrowdOptions): Plan[] {
  return Array.from({ length: options.fans }, (_, index) => planFan(options, index));
}

function planFan({ seed, seatsEach, curve, thinkScale, mix, patienceS }: CrowdOptions, index: number): Plan {
  // Everything is drawn, in one order, whether it is needed or not: a share that changes moves nothing else.
  const chance = streamOf(seed, index, 'plan');
  const arrivesMs = arrivalOf(curve, chance);
  const wished = chance.between(1, 4);
  const does = new Set(BEHAVIOURS.filter((behaviour) => chance.percent(mix[behaviour])));
  const waitsMs = thinkScale * chance.between(3 * SECOND_MS, 40 * SECOND_MS);
  const think = (minMs: number, maxMs: number) => Math.round(thinkScale * chance.between(minMs, maxMs));
  return {
    index,
    arrivesMs,
    seatCount: Math.min(wished, seatsEach),
    does,
    waitsMs: does.has('gives-up') ? waitsMs : Number.POSITIVE_INFINITY,
    looksForMs: patienceS * SECOND_MS,
    favourite: towardsFront(chance, 3),
    choosesOthers: chance.percent(50),
    comesBack: chance.percent(50) ? 'waiting' : 'holding',
    thinkMs: { dates: think(200, 2_500), choose: think(1_500, 7_000), pay: think(2_000, 10_000) },
  };
}

function arrivalOf(curve: Curve, chance: Chance): number {
  const drawn = fraction(chance);
  switch (curve.kind) {
    case 'at-once':
      return 0;
    case 'ramp':
      return Math.round(drawn * curve.overS * SECOND_MS);
    case 'waves': {
      const wave = Math.floor(drawn * curve.count);
      const within = drawn * curve.count - wave;
      const betweenMs = (curve.overS * SECOND_MS) / curve.count;
      return Math.round(wave * betweenMs + within * Math.min(WAVE_MS, betweenMs));
    }
  }
}

/** From 0 to 1; the higher the power, the more of them near 0. */
export function towardsFront(chance: Chance, power: number): number {
  return fraction(chance) ** power;
}

function fraction(chance: Chance): number {
  return chance.between(0, FINE - 1) / FINE;
}

/** A fan's own chance for one purpose, so that what depends on the service's timing disturbs nothing else. */
export function streamOf(seed: number, index: number, purpose: 'plan' | 'seats' | 'pauses'): Chance {
  const salt = { plan: 0x51_7c_c1_b7, seats: 0x27_22_0a_95, pauses: 0x2e_5b_f2_71 }[purpose];
  const mixed = Math.imul(seed ^ salt, 0x9e_37_79_b1) ^ Math.imul(index + 1, 0x85_eb_ca_6b);
  const chance = createChance(Math.imul(mixed ^ (mixed >>> 15), 0x2c_1b_3c_6d));
  chance.between(0, 1);
  return chance;
}
