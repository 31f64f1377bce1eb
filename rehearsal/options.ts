/** What can be said to `npm run onsale`, read and checked. Pure. */
import { parseArgs } from 'node:util';
import { type Read, reading } from '../scripts/support/command.ts';
import { BEHAVIOURS, type Behaviour, type Curve, type Mix, USUAL_MIX } from './crowd/plan.ts';

export interface OnsaleOptions {
  readonly fans: number;
  readonly seed: number;
  readonly curve: Curve;
  readonly thinkScale: number;
  readonly mix: Mix;
  readonly seatsEach: number;
  readonly patienceS: number;
  /** Several instances of one service. Empty: the one that runs here, or one of the rehearsal's own. */
  readonly urls: readonly string[];
  readonly target:
    | { readonly kind: 'given'; readonly performanceId: number }
    | { readonly kind: 'own'; readonly seats: number; readonly ratePerS: number; readonly capacity: number };
  /** Of an own service; undefined: `OWN_HOLD_S`. */
  readonly holdS: number | undefined;
  /** A service may be started on the database of DATABASE_URL, and shorten its times. */
  readonly ownDatabase: boolean;
  /** Undefined: among the data. */
  readonly report: string | undefined;
  /** Where what was asked and told goes, for `npm run check-history`; undefined: nowhere. */
  readonly history: string | undefined;
}

export const OWN_HOLD_S = 60;

export const HELP = `npm run onsale -- [--fans 5000] [--seats 2000 | --performance ID] [options]

Rehearses a sale: so many fans as HTTP clients join the line, wait, choose, hold, charge and pay until the performance is
sold out. At the end everything that they were told is checked, the service is audited, and a report is written.

  --fans N         how many come; 1 to 100000, 5000 unless given
  --seats N        sell a performance of the rehearsal's own with so many seats; 1 to 200000, 2000 unless given
  --performance ID sell this one, which is on sale: its seats are really sold, to nobody
  --rate N         people let in per second, of an own performance; unless given, what sells out in some two minutes
  --capacity N     people choosing at the same time, of an own performance; unless given, 30 seconds of the rate
  --seats-each N   most seats that one fan wants, 1 to 4; 4 unless given
  --curve CURVE    how they arrive: at-once, ramp:SECONDS or waves:COUNT:SECONDS; ramp:20 unless given
  --think FACTOR   how long people think: 1 as people do, 0 not at all; 1 unless given
  --patience S     for how many seconds a fan looks for seats, once let in; 600 unless given
  --mix LIST       how many of a hundred fans do what, such as never-pays=10,reloads=0; the others as usual:
                   ${Object.entries(USUAL_MIX)
                     .map(([name, share]) => `${name}=${share}`)
                     .join(' ')
                     .replace(/(.{80}\S*) /, '$1\n                   ')}
  --seed N         the same seed and options bring the same fans; 1 unless given
  --url URL        the service; again for each further instance. Without it the one at HOST and PORT, and if none
                   runs there, one is started for the rehearsal, on the data that npm start would use
  --own-database   the database of DATABASE_URL is the rehearsal's own: one may be started on it, which holds seats
                   and keeps turns for a shorter time. Refused while other instances are on it
  --hold-seconds N how long an own service holds seats, 5 to 3600; ${OWN_HOLD_S} unless given. Refused when one
                   runs already
  --report FILE    where the report goes; unless given, a file of its own in DATA_DIR/rehearsals
  --history FILE   where every request and answer goes, for npm run check-history; kept nowhere unless given
  --help           these lines

The operator's token is OPERATOR_TOKEN, or the one kept in DATA_DIR. Ctrl-C sends the fans home and reports what
there is; a second one ends at once. Exit code: 0 every promise was kept; 1 one was broken; 2 none
was seen broken, but not everything could be judged; 130 stopped; others: it could not be run.
`;

/** What to type to have the same fans again. */
export function commandOf(options: OnsaleOptions): string {
  const { fans, seed, curve, thinkScale, mix, seatsEach, patienceS, target, holdS, ownDatabase, urls } =
    options;
  const mixed = BEHAVIOURS.map((behaviour) => `${behaviour}=${mix[behaviour]}`).join(',');
  const what =
    target.kind === 'given'
      ? `--performance ${target.performanceId}`
      : `--seats ${target.seats} --rate ${target.ratePerS} --capacity ${target.capacity}`;
  const where = [
    ...urls.map((url) => `--url ${url}`),
    ...(holdS === undefined ? [] : [`--hold-seconds ${holdS}`]),
    ...(ownDatabase ? ['--own-database'] : []),
  ];
  return [
    `npm run onsale -- --fans ${fans} ${what} --seed ${seed} --curve ${curveText(curve)} --think ${thinkScale}`,
    `--seats-each ${seatsEach} --patience ${patienceS} --mix ${mixed}`,
    ...where,
  ].join(' ');
}

function curveText(curve: Curve): string {
  switch (curve.kind) {
    case 'at-once':
      return curve.kind;
    case 'ramp':
      return `ramp:${curve.overS}`;
    case 'waves':
      return `waves:${curve.count}:${curve.overS}`;
  }
}

class Wrong extends Error {
  override name = 'Wrong';
}

const OPTIONS = {
  fans: { type: 'string' },
  seats: { type: 'string' },
  performance: { type: 'string' },
  rate: { type: 'string' },
  capacity: { type: 'string' },
  'seats-each': { type: 'string' },
  curve: { type: 'string' },
  think: { type: 'string' },
  patience: { type: 'string' },
  mix: { type: 'string' },
  seed: { type: 'string' },
  url: { type: 'string', multiple: true },
  'hold-seconds': { type: 'string' },
  'own-database': { type: 'boolean' },
  report: { type: 'string' },
  history: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Given = ReturnType<typeof parse>;
const parse = (args: readonly string[]) => parseArgs({ args: [...args], options: OPTIONS }).values;

export function readOptions(args: readonly string[]): Read<OnsaleOptions> {
  return reading(() => {
    const given = parse(args);
    return given.help === true ? 'help' : optionsOf(given);
  });
}

function optionsOf(given: Given): OnsaleOptions {
  const urls = (given.url ?? []).map(originOf);
  if (urls.length > 0 && given['hold-seconds'] !== undefined) {
    throw new Wrong(
      '--hold-seconds is for a service of the rehearsal’s own; the one at --url has its own setting',
    );
  }
  const ownDatabase = given['own-database'] === true;
  if (urls.length > 0 && ownDatabase) {
    throw new Wrong(
      '--own-database is for a service of the rehearsal’s own; the one at --url has its own database',
    );
  }
  for (const name of ['report', 'history'] as const) {
    if (given[name] === '') throw new Wrong(`--${name} must be the name of a file`);
  }
  return {
    fans: whole(given.fans, '--fans', { min: 1, max: 100_000, usual: 5_000 }),
    seed: whole(given.seed, '--seed', { min: 0, max: 999_999_999, usual: 1 }),
    curve: curveOf(given.curve ?? 'ramp:20'),
    thinkScale: factorOf(given.think ?? '1'),
    mix: mixOf(given.mix ?? ''),
    seatsEach: whole(given['seats-each'], '--seats-each', { min: 1, max: 4, usual: 4 }),
    patienceS: whole(given.patience, '--patience', { min: 1, max: 86_400, usual: 600 }),
    urls,
    target: targetOf(given),
    holdS:
      given['hold-seconds'] === undefined
        ? undefined
        : wholeIn(given['hold-seconds'], '--hold-seconds', { min: 5, max: 3_600 }),
    ownDatabase,
    report: given.report,
    history: given.history,
  };
}

/** Two minutes for so many seats at some two to a purchase, and as many people within as come in half a minute. */
const SEATS_PER_RATE = 200;
const RATE_MIN = 5;
const CAPACITY_S = 30;

function targetOf(given: Given): OnsaleOptions['target'] {
  if (given.performance === undefined) {
    const seats = whole(given.seats, '--seats', { min: 1, max: 200_000, usual: 2_000 });
    const usualRate = Math.max(RATE_MIN, Math.ceil(seats / SEATS_PER_RATE));
    const ratePerS = whole(given.rate, '--rate', { min: 1, max: 100_000, usual: usualRate });
    const usualCapacity = CAPACITY_S * ratePerS;
    const capacity = whole(given.capacity, '--capacity', { min: 1, max: 10_000_000, usual: usualCapacity });
    return { kind: 'own', seats, ratePerS, capacity };
  }
  for (const name of ['seats', 'rate', 'capacity'] as const) {
    if (given[name] !== undefined) {
      throw new Wrong(
        `--${name} is for a performance of the rehearsal’s own, and not with --performance, which is taken as it is`,
      );
    }
  }
  const performanceId = wholeIn(given.performance, '--performance', { min: 1, max: 2_147_483_647 });
  return { kind: 'given', performanceId };
}

interface Range {
  readonly min: number;
  readonly max: number;
}

function whole(
  text: string | undefined,
  name: string,
  { usual, ...range }: Range & { readonly usual: number },
): number {
  return text === undefined ? usual : wholeIn(text, name, range);
}

function wholeIn(text: string, name: string, { min, max }: Range): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Wrong(`${name} must be a whole number from ${min} to ${max}; "${text}" is not`);
}

function factorOf(text: string): number {
  const value = /^\d{1,3}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 100) return value;
  throw new Wrong(`--think must be a factor from 0 to 100, such as 0.5; "${text}" is not`);
}

const SECONDS_MAX = 86_400;
const WAVES_MAX = 1_000;

function curveOf(text: string): Curve {
  if (text === 'at-once') return { kind: 'at-once' };
  const [, ramp] = /^ramp:(\d{1,5})$/.exec(text) ?? [];
  if (ramp !== undefined && isIn(Number(ramp), SECONDS_MAX)) return { kind: 'ramp', overS: Number(ramp) };
  const [, count, overS] = /^waves:(\d{1,4}):(\d{1,5})$/.exec(text) ?? [];
  if (isIn(Number(count), WAVES_MAX) && isIn(Number(overS), SECONDS_MAX)) {
    return { kind: 'waves', count: Number(count), overS: Number(overS) };
  }
  throw new Wrong(
    `--curve must be at-once, ramp:SECONDS or waves:COUNT:SECONDS (up to ${WAVES_MAX} waves and ${SECONDS_MAX} seconds); "${text}" is not`,
  );
}

const isIn = (value: number, max: number) => value >= 1 && value <= max;

function mixOf(text: string): Mix {
  const mix: Record<Behaviour, number> = { ...USUAL_MIX };
  const seen = new Set<string>();
  for (const part of text === '' ? [] : text.split(',')) {
    const [, name = '', share = ''] = /^([a-z-]+)=(\d{1,3})$/.exec(part) ?? [];
    const behaviour = BEHAVIOURS.find((each) => each === name);
    if (behaviour === undefined || Number(share) > 100 || seen.has(name)) {
      throw new Wrong(
        `--mix must be such as never-pays=10,reloads=0, each once and from 0 to 100; "${part}" is not. There are ${BEHAVIOURS.join(', ')}`,
      );
    }
    seen.add(name);
    mix[behaviour] = Number(share);
  }
  return mix;
}

/** What is the address of a service and nothing more. */
function originOf(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new Wrong(`--url must be such as http://127.0.0.1:3000, without a path; "${text}" is not`);
}
