/** What is rehearsed: a performance that there is, or one made for the rehearsal, with a room of its own. */
import type { Clock } from '../server/src/platform/clock.ts';
import { newUuid } from '../server/src/platform/identifiers.ts';
import type { Answer, OperatorApi } from '../scripts/support/operator-api.ts';
import { pause } from '../scripts/support/operator-api.ts';
import type { Target } from './crowd/fan.ts';
import type { Operator } from './operator.ts';

/** What was asked for cannot be rehearsed; the message says why and what to do. */
export class NoTarget extends Error {
  override name = 'NoTarget';
}

export interface OwnPerformance {
  readonly seats: number;
  readonly seatsPerPerson: number;
  /** People let in per second. */
  readonly ratePerS: number;
  readonly capacity: number;
  /** Then its sale closes by itself, and it is over: nobody can end a sale that has begun. */
  readonly saleLastsMs?: number;
}

const DAY_MS = 86_400_000;
/** Longer than a rehearsal lasts. */
const SALE_MS = 6 * 3_600_000;
const LAID_OUT_WITHIN_MS = 120_000;
const ROW_LENGTH = 25;
/** The dearest in front, as shares of the house. */
const SECTIONS = [
  { name: 'VIP', share: 0.15, priceKrw: 165_000 },
  { name: 'R', share: 0.35, priceKrw: 143_000 },
  { name: 'S', share: 0.5, priceKrw: 110_000 },
] as const;

/** Waits until its seats are laid out. */
export async function makePerformance(
  own: OwnPerformance,
  api: OperatorApi,
  clock: Clock,
  signal: AbortSignal,
): Promise<Target> {
  const mark = newUuid().slice(0, 8);
  const room = `rehearsal-${mark}`;
  const sections = sectionsOf(own.seats);
  const make = async (path: string, body: object) =>
    bodyOf(path, await api.post(path, body, `rehearsal-${mark}${path}`));

  await make('/admin/queue/rooms', {
    room,
    rateCount: Math.max(1, Math.round(own.ratePerS)),
    rateWindowMs: 1_000,
    capacity: own.capacity,
  });
  const venue = await make('/admin/venues', {
    name: `Rehearsal ${mark}`,
    city: '서울',
    layouts: [
      {
        name: 'all seated',
        sections: sections.map(({ name, seatCount }) => ({
          name,
          seatCount,
          rowLength: Math.min(ROW_LENGTH, seatCount),
        })),
      },
    ],
  });
  const concert = await make('/admin/concerts', {
    title: `A rehearsal of the sale (${mark})`,
    description: 'Made by npm run onsale. Nobody plays here.',
    genre: 'rehearsal',
  });
  const nowMs = clock.wallMs();
  const closesAt = new Date(nowMs + (own.saleLastsMs ?? SALE_MS)).toISOString();
  const [layout] = venue['layouts'] as { layoutId: number }[];
  const performance = await make('/admin/performances', {
    concertId: concert['concertId'],
    layoutId: layout?.layoutId,
    room,
    startsAt: closesAt,
    saleOpensAt: new Date(nowMs - DAY_MS).toISOString(),
    saleClosesAt: closesAt,
    seatsPerPerson: own.seatsPerPerson,
    prices: sections.map(({ name, priceKrw }) => ({ section: name, priceKrw })),
  });
  return findPerformance(Number(performance['performanceId']), api, clock, signal);
}

const CLOSED_WITHIN_MS = 10_000;

/** Nobody may join any more, and nobody is let in. False: the service did not say so. */
export async function closeRoom(room: string, operator: Operator): Promise<boolean> {
  const { status } = await operator.insist('PATCH', `/admin/queue/rooms/${room}`, {
    body: { state: 'CLOSED' },
    withinMs: CLOSED_WITHIN_MS,
  });
  return status === 200;
}

function sectionsOf(seats: number) {
  let left = seats;
  return SECTIONS.flatMap(({ name, share, priceKrw }, index) => {
    const isLast = index === SECTIONS.length - 1;
    const seatCount = isLast ? left : Math.min(left, Math.round(seats * share));
    left -= seatCount;
    return seatCount === 0 ? [] : [{ name, priceKrw, seatCount }];
  });
}

/** One that there is, with the room and the limits that it has. */
export async function findPerformance(
  performanceId: number,
  api: OperatorApi,
  clock: Clock,
  signal: AbortSignal,
): Promise<Target> {
  const untilMs = clock.monotonicMs() + LAID_OUT_WITHIN_MS;
  for (;;) {
    const found = await api.get(`/performances/${performanceId}`);
    if (found.kind === 'refused') {
      throw new NoTarget(
        `there is no performance ${performanceId}: ${api.url}/api/v1/concerts lists what is on`,
      );
    }
    const { body } = found;
    if (body['remaining'] !== null) return targetOf(body, clock);
    if (clock.monotonicMs() > untilMs) {
      throw new NoTarget(`the seats of performance ${performanceId} are not laid out; is the service well?`);
    }
    await pause(clock, 200, signal);
  }
}

function targetOf(body: Readonly<Record<string, unknown>>, clock: Clock): Target {
  const { performanceId, saleOpensAt, saleClosesAt, remaining } = body;
  const now = new Date(clock.wallMs()).toISOString();
  if (String(saleOpensAt) > now || String(saleClosesAt) <= now) {
    throw new NoTarget(
      `performance ${String(performanceId)} is on sale from ${String(saleOpensAt)} to ${String(saleClosesAt)}, and not now: ` +
        'rehearse one that is on sale, or leave --performance out for one of the rehearsal’s own',
    );
  }
  if (remaining === 0) throw new NoTarget(`performance ${String(performanceId)} is sold out already`);
  const prices = body['prices'] as readonly { readonly priceKrw: number }[];
  return {
    performanceId: performanceId as number,
    room: body['room'] as string,
    seatCount: body['seatCount'] as number,
    seatsPerPerson: body['seatsPerPerson'] as number,
    priceKrwMax: Math.max(...prices.map(({ priceKrw }) => priceKrw)),
  };
}

function bodyOf(path: string, answer: Answer) {
  if (answer.kind === 'ok') return answer.body;
  throw new NoTarget(
    `the performance for the rehearsal could not be made: ${path} was refused: ${answer.why}`,
  );
}
