/** Fans with accounts, places and money, and a performance to fight for, made over HTTP before the clock starts. */
import { type Journey, runLoad } from './load.ts';
import { OPERATOR_TOKEN, type RunningService } from './stage.ts';

const PRICE_KRW = 10_000;
export const SEATS_PER_PERSON = 4;

/** A performance with so many seats; gives its id. */
export async function openPerformance(service: RunningService, seats: number): Promise<number> {
  const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`http://${service.host}:${service.port}/api/v1${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${OPERATOR_TOKEN}`,
        'content-type': 'application/json',
        'idempotency-key': crypto.randomUUID(),
      },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const section = { name: 'Floor', seatCount: seats, rowLength: 50 };
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
    room: 'main',
    startsAt: new Date(Date.now() + 30 * day).toISOString(),
    saleOpensAt: new Date(Date.now() - day).toISOString(),
    saleClosesAt: new Date(Date.now() + 29 * day).toISOString(),
    seatsPerPerson: SEATS_PER_PERSON,
    prices: [{ section: 'Floor', priceKrw: PRICE_KRW }],
  });
  return Number(performance['performanceId']);
}

const bearer = (name: string) => ({ authorization: `Bearer {${name}}` });

/** Fans with an account and money; those that `join` also have an active turn. */
export async function gather(service: RunningService, count: number, join: boolean): Promise<Journey[]> {
  const { host, port } = service;
  const journeys = Array.from({ length: count }, (_, index) => ({
    known: { key: `bench-key-${index}`, seat: String(index + 1) },
  }));
  const report = await runLoad({
    host,
    port,
    connections: 64,
    collect: true,
    journeys,
    steps: [
      { name: 'guest', method: 'POST', path: '/api/v1/guests', headers: {}, takes: ['accessToken'] },
      {
        name: 'charge',
        method: 'POST',
        path: '/api/v1/wallet/charges',
        headers: { ...bearer('accessToken'), 'idempotency-key': '{key}' },
        body: JSON.stringify({ amount: PRICE_KRW }),
      },
      ...(join ? [joinStep] : []),
    ],
  });
  const ready = report.outcomes.filter(({ known }) => !join || known['token'] !== undefined);
  if (ready.length !== count)
    throw new Error(`only ${ready.length} of ${count} fans got in: ${JSON.stringify(report.statuses)}`);
  return ready.map(({ known }) => ({ known }));
}

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
