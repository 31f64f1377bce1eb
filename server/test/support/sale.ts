/** Sets up what a test sells. */
import { randomUUID } from 'node:crypto';
import type { Client } from './client.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

export interface Sale {
  readonly concertId: number;
  readonly performanceId: number;
  readonly priceKrw: number;
}

export interface SaleOptions {
  readonly seats?: number;
  readonly priceKrw?: number;
  readonly seatsPerPerson?: number;
  readonly room?: string;
  readonly saleOpensAt?: string;
  readonly saleClosesAt?: string;
}

const DAY_MS = 24 * 3_600_000;
const SEATS = 50;

/** A concert of one performance that is on sale; its seats are laid out when this ends. */
export async function openSale(world: World, options: SaleOptions = {}): Promise<Sale> {
  const sale = await scheduleSale(world.client(), options);
  const { seats = SEATS } = options;
  await until(
    'the seats are laid out',
    async () => (await freeSeats(world, sale.performanceId)).length === seats,
  );
  return sale;
}

/** The same by HTTP alone; the seats are laid out soon after. */
export async function scheduleSale(operator: Client, options: SaleOptions = {}): Promise<Sale> {
  const { seats = SEATS, priceKrw = 50_000, seatsPerPerson = 4, room = 'main' } = options;
  const venue = await created<{ layouts: { layoutId: number }[] }>(operator, '/admin/venues', {
    name: `Hall ${randomUUID()}`,
    city: 'Seoul',
    layouts: [
      { name: 'all seated', sections: [{ name: 'Floor', seatCount: seats, rowLength: Math.min(10, seats) }] },
    ],
  });
  const concert = await created<{ concertId: number }>(operator, '/admin/concerts', {
    title: 'A night of tests',
    description: 'What is sold here is only ever sold to tests.',
    genre: 'concert',
  });
  const performance = await created<{ performanceId: number }>(operator, '/admin/performances', {
    concertId: concert.concertId,
    layoutId: venue.layouts[0]?.layoutId,
    room,
    startsAt: new Date(Date.now() + 30 * DAY_MS).toISOString(),
    saleOpensAt: options.saleOpensAt ?? new Date(Date.now() - DAY_MS).toISOString(),
    saleClosesAt: options.saleClosesAt ?? new Date(Date.now() + 29 * DAY_MS).toISOString(),
    seatsPerPerson,
    prices: [{ section: 'Floor', priceKrw }],
  });
  return { concertId: concert.concertId, performanceId: performance.performanceId, priceKrw };
}

async function created<Body>(operator: Client, path: string, body: unknown): Promise<Body> {
  const answer = await operator.operator<Body>('POST', path, body);
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** The free seats as the table has them. */
export async function freeSeats(world: World, performanceId: number): Promise<number[]> {
  const rows = await world.db.database.rows<{ seat_no: number }>(
    {
      name: 'test.free-seats',
      text: `/* test.free-seats */
        select seat_no from seats.seat where performance_id = $1 and state = 'F' order by seat_no`,
    },
    [performanceId],
  );
  return rows.map((row) => row.seat_no);
}

/** How often each event stands in the log. */
export async function eventCounts(world: World): Promise<Record<string, number>> {
  const rows = await world.db.database.rows<{ name: string; count: number }>(
    {
      name: 'test.event-counts',
      text: `/* test.event-counts */
        select e ->> 'name' as name, count(*) from messaging.log l, json_array_elements(l.events) e group by 1`,
    },
    [],
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.count]));
}
