/** Fans with accounts, places and money, and a performance to fight for, made over HTTP before the clock starts. */
import { type Journey, type LoadJob, runLoad } from './load.ts';
import { operate } from './operate.ts';
import { createPeople } from './people.ts';
import type { RunningService } from './stage.ts';

const PRICE_KRW = 10_000;
export const SEATS_PER_PERSON = 4;

/** A performance with so many seats, in the usual room where no other is said; gives its id. */
export async function openPerformance(
  service: RunningService,
  seats: number,
  { seatsPerPerson = SEATS_PER_PERSON, room = 'main' }: { seatsPerPerson?: number; room?: string } = {},
): Promise<number> {
  const post = (path: string, body: unknown) => operate(service, 'POST', path, body);
  const section = { name: 'Floor', seatCount: seats, rowLength: Math.min(50, seats) };
  const venue = await post('/admin/venues', {
    name: 'Bench hall',
    city: 'Seoul',
    layouts: [{ name: 'all', sections: [section] }],
  });
  const concert = await post('/admin/concerts', {
    title: 'Bench',
    description: 'A benchmark.',
    genre: 'concert',
  });
  const layouts = venue['layouts'] as { layoutId: number }[];
  const day = 86_400_000;
  const performance = await post('/admin/performances', {
    concertId: concert['concertId'],
    layoutId: layouts[0]?.layoutId,
    room,
    startsAt: new Date(Date.now() + 30 * day).toISOString(),
    saleOpensAt: new Date(Date.now() - day).toISOString(),
    saleClosesAt: new Date(Date.now() + 29 * day).toISOString(),
    seatsPerPerson,
    prices: [{ section: 'Floor', priceKrw: PRICE_KRW }],
  });
  return Number(performance['performanceId']);
}

const bearer = (name: string) => ({ authorization: `Bearer {${name}}` });

export interface Gathering {
  /** Each has enough for so many seats. */
  readonly seatsPaidFor?: number;
  /** Each has a place in the room, and a turn where the room lets all in. */
  readonly join?: boolean;
  /** Which room; undefined: the usual one. */
  readonly room?: string;
}

/**
 * So many fans with accounts, and with what is asked for besides. Each knows `accessToken`, `token` once joined, a `key`
 * and a `seat` of its own: 1 for the first, 2 for the second.
 */
export async function gather(
  service: RunningService,
  count: number,
  { seatsPaidFor = 0, join = false, room }: Gathering,
): Promise<Journey[]> {
  const person = createPeople();
  const run = crypto.randomUUID().slice(0, 8);
  const fans = Array.from({ length: count }, (_, index) => ({
    known: { accessToken: person(), key: `bench-${run}-${index}`, seat: String(index + 1) },
  }));
  const steps = [
    ...(seatsPaidFor > 0 ? [chargeStep(seatsPaidFor)] : []),
    ...(join ? [{ ...joinStep, body: JSON.stringify({ room }) }] : []),
  ];
  return steps.length === 0 ? fans : collect(service, fans, steps);
}

async function collect(
  { host, port }: RunningService,
  journeys: readonly Journey[],
  steps: LoadJob['steps'],
): Promise<Journey[]> {
  const report = await runLoad({ host, port, connections: 128, collect: true, journeys, steps });
  const last = steps.at(-1)?.name ?? '';
  const done = Object.entries(report.statuses[last] ?? {}).filter(([status]) => Number(status) < 300);
  if (done.reduce((sum, [, times]) => sum + times, 0) !== journeys.length)
    throw new Error(`not all fans got in: ${JSON.stringify(report.statuses)}`);
  return report.outcomes.map(({ known }) => ({ known }));
}

/** With what so many seats cost. */
export const chargeStep = (seats: number) =>
  ({
    name: 'charge',
    method: 'POST',
    path: '/api/v1/wallet/charges',
    headers: { ...bearer('accessToken'), 'idempotency-key': '{key}' },
    body: JSON.stringify({ amount: seats * PRICE_KRW }),
  }) as const;

export const joinStep = {
  name: 'join',
  method: 'POST',
  path: '/api/v1/queue/tokens',
  headers: bearer('accessToken'),
  body: '{}',
  takes: ['token'],
} as const;

export const holdStep = (performanceId: number) =>
  ({
    name: 'hold',
    method: 'POST',
    path: '/api/v1/reservations',
    headers: { ...bearer('token'), 'idempotency-key': '{key}' },
    body: `{"performanceId":${performanceId},"seats":[{seat}]}`,
    takes: ['reservationId'],
  }) as const;

/** At the performance that the journey knows of. */
export const holdAnywhereStep = {
  ...holdStep(0),
  body: '{"performanceId":{performance},"seats":[{seat}]}',
} as const;

export const cancelStep = {
  name: 'cancel',
  method: 'DELETE',
  path: '/api/v1/reservations/{reservationId}',
  headers: bearer('accessToken'),
} as const;

export const payStep = {
  name: 'pay',
  method: 'POST',
  path: '/api/v1/payments',
  headers: { ...bearer('token'), 'idempotency-key': '{key}' },
  body: '{"reservationId":"{reservationId}"}',
} as const;
