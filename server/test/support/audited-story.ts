/** A small sale in which everything happened that can happen, and every way in which its rows can be made to lie. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../src/platform/postgres/database.ts';
import type { Answer, Fan } from './client.ts';
import { openSale, type Sale } from './sale.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

export interface Story {
  /** Of reservations. */
  readonly paid: string;
  readonly held: string;
  readonly lapsed: string;
  readonly buyer: string;
  readonly performance: number;
}

/** Seats 1 and 2 are sold, 3 is held, the others free again or for the first time; some wait in rooms of their own. */
export async function tellStory(world: World): Promise<Story> {
  const sale = await openSale(world, { seats: 20 });
  const lapsed = await lapse(world, sale);
  const buyer = await fanWithMoney(world, 2 * sale.priceKrw);
  const paid = await hold(buyer, sale, [1, 2]);
  done(await buyer.pay(paid), 201);
  const held = await hold(await fanWithMoney(world, sale.priceKrw), sale, [3]);
  const giver = await fanWithMoney(world, 0);
  done(await giver.giveBack(await hold(giver, sale, [4])), 204);
  const short = await fanWithMoney(world, sale.priceKrw - 1);
  done(await short.hold(sale.performanceId, [5], { payNow: true }), 201);
  await buyTwiceOnOneTurn(world, sale);
  await fillRooms(world);
  await world.settle();
  const { userId } = buyer;
  return { paid, held, lapsed, buyer: userId, performance: sale.performanceId };
}

async function fanWithMoney(world: World, amountKrw: number): Promise<Fan> {
  const fan = await world.client().fan();
  if (amountKrw > 0) done(await fan.charge(amountKrw), 201);
  return fan;
}

async function hold(fan: Fan, { performanceId }: Sale, seats: number[]): Promise<string> {
  const id = String(done(await fan.hold(performanceId, seats), 201).body['reservationId']);
  await until('its payment can be made', async () => {
    return (await fan.reservation(id)).status === 200;
  });
  return id;
}

/** What has not happened would be missed where nobody looks for it. */
function done(answer: Answer, status: number): Answer {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  return answer;
}

/** Before anybody else holds: every deadline comes nearer. */
async function lapse(world: World, sale: Sale): Promise<string> {
  const fan = await fanWithMoney(world, 0);
  const id = await hold(fan, sale, [8]);
  await world.settle();
  await world.advance(301_000);
  await until('it has lapsed', async () => (await fan.reservation(id)).body['status'] === 'EXPIRED');
  await world.settle();
  return id;
}

async function buyTwiceOnOneTurn(world: World, sale: Sale): Promise<void> {
  const fan = await fanWithMoney(world, 2 * sale.priceKrw);
  const ids = await Promise.all([hold(fan, sale, [6]), hold(fan, sale, [7])]);
  const paid = await Promise.all(ids.map((id) => fan.pay(id)));
  // The slower one may be stopped at the door.
  assert(paid.some(({ status }) => status === 201));
}

/** Of three people, one is inside: `full` has no more places, `paced` lets in one a minute. */
async function fillRooms(world: World): Promise<void> {
  const rooms = [
    { room: 'full', capacity: 1, rateCount: null, rateWindowMs: null },
    { room: 'paced', capacity: 100, rateCount: 1, rateWindowMs: 60_000 },
  ];
  for (const terms of rooms) {
    await world.client().operator('POST', '/admin/queue/rooms', terms);
    for (let n = 0; n < 3; n++) await world.client().fan(terms.room);
  }
}

/** Constraints forbid much of what is planted; the auditor is there for when they are not. */
const FREE_TABLES = `do $$
declare c record;
begin
  for c in
    select conname, conrelid::regclass as name from pg_constraint
    where contype = 'c' and connamespace::regnamespace::text in ('seats', 'reservations', 'payments', 'waiting_room')
  loop
    execute format('alter table %s drop constraint %I', c.name, c.conname);
  end loop;
  drop index waiting_room.token_live;
end $$`;

/** In a transaction that is rolled back afterwards. */
export async function plant(tx: Tx, sql: readonly string[]): Promise<void> {
  for (const text of [FREE_TABLES, ...sql]) {
    await tx.rows({ name: `test.plant-${randomUUID()}`, text }, []);
  }
}

export interface Planted {
  /** The check that must find it. */
  readonly check: string;
  readonly what: string;
  readonly sql: (story: Story) => readonly string[];
  /** A sentence of it. */
  readonly says: (story: Story) => RegExp;
  /** Other checks that look at the same rows and find it too. */
  readonly also?: readonly string[];
}

export const letInNext = (room: string) => [
  `update waiting_room.token set state = 'ACTIVE', admitted_at = date_trunc('milliseconds', clock_timestamp()), claimed_at = clock_timestamp(),
    expires_at = clock_timestamp() + interval '9 minutes', holds_until = clock_timestamp() + interval '9 minutes'
    where room = '${room}' and number = 2`,
  `update waiting_room.room set head = 2, waiting = 1, active = 2, admitted = 2 where room = '${room}'`,
];
const copied = (table: string, id: string, change: string) =>
  `insert into ${table} select (jsonb_populate_record(null::${table}, to_jsonb(t) || ${change})).* from ${table} t where reservation_id = '${id}'`;
export const OTHER = '00000000-0000-4000-8000-00000000000a';
export const OVERDUE = `clock_timestamp() - interval '2 minutes'`;

export const planted: readonly Planted[] = [
  {
    check: 'seat-owners',
    what: 'a hold that names another version of its seat',
    sql: ({ held }) => [`update seats.hold set seat_versions = '{9}' where reservation_id = '${held}'`],
    says: ({ performance, held }) =>
      new RegExp(`^seat 3 of performance ${performance} is held at version 1 .*${held}.* version 9`),
  },
  {
    check: 'seat-owners',
    what: 'a sold seat that is free',
    sql: () => [`update seats.seat set state = 'F', reservation_id = null where seat_no = 1`],
    says: ({ performance, paid }) =>
      new RegExp(`hold of reservation ${paid} has seat 1 of performance ${performance}, which is free`),
    also: ['sold-is-paid'],
  },
  {
    check: 'seat-owners',
    what: 'a seat in two live holds',
    sql: ({ held, performance }) => [
      copied('seats.hold', held, `'{"reservation_id": "${OTHER}", "user_id": "${OTHER}"}'`),
      `insert into seats.buyer values (${performance}, '${OTHER}', 1)`,
    ],
    says: () => new RegExp(`but the hold of reservation ${OTHER} has it`),
    also: ['events-are-true'],
  },
  {
    check: 'seat-owners',
    what: 'a hold that names a seat twice',
    sql: ({ paid }) => [`update seats.hold set seat_nos = '{1,1}' where reservation_id = '${paid}'`],
    says: ({ paid }) => new RegExp(`hold of reservation ${paid} names a seat .* twice`),
  },
  {
    check: 'buyer-counts',
    what: 'a buyer who is counted with one seat more',
    sql: ({ buyer }) => [`update seats.buyer set seat_count = seat_count + 1 where user_id = '${buyer}'`],
    says: ({ buyer }) =>
      new RegExp(`^buyer ${buyer} of performance \\d+ is counted with 3 seats, and has 2$`),
  },
  {
    check: 'buyer-counts',
    what: 'a buyer with more seats than allowed',
    sql: () => [
      'update seats.performance set seats_per_person = 1',
      'update catalogue.performance set seats_per_person = 1',
    ],
    says: ({ buyer }) => new RegExp(`^buyer ${buyer} of performance \\d+ has 2 seats, of at most 1$`),
  },
  {
    check: 'seat-rows',
    what: 'a seat that is missing',
    sql: () => ['delete from seats.seat where seat_no = 20'],
    says: ({ performance }) => new RegExp(`^seat 20 of performance ${performance} is missing$`),
  },
  {
    check: 'seat-rows',
    what: 'a seat too many',
    sql: ({ performance }) => [
      `insert into seats.seat (performance_id, seat_no, price_krw) values (${performance}, 21, 50000)`,
    ],
    says: ({ performance }) => new RegExp(`^seat 21 of performance ${performance} is not in its layout$`),
  },
  {
    check: 'seat-rows',
    what: 'a price that was changed',
    sql: () => ['update seats.seat set price_krw = 1 where seat_no = 20'],
    says: ({ performance }) =>
      new RegExp(`^seat 20 of performance ${performance} costs 1 won, and 50000 in the catalogue$`),
  },
  {
    check: 'seat-rows',
    what: 'a performance that the seats do not know',
    sql: () => ['delete from seats.performance'],
    says: ({ performance }) =>
      new RegExp(`^performance ${performance} is in the catalogue, and was never laid out$`),
  },
  {
    check: 'sold-is-paid',
    what: 'a sold seat whose reservation has expired',
    sql: ({ paid }) => [
      `update reservations.reservation set status = 'EXPIRED' where reservation_id = '${paid}'`,
    ],
    says: ({ performance, paid }) =>
      new RegExp(`^seat 1 of performance ${performance} is sold to reservation ${paid}, which is EXPIRED$`),
  },
  {
    check: 'sold-is-paid',
    what: 'a confirmed reservation that is not paid',
    sql: ({ held }) => [
      `update reservations.reservation set status = 'CONFIRMED' where reservation_id = '${held}'`,
    ],
    says: ({ held }) => new RegExp(`^reservation ${held} is CONFIRMED, but its payment is DUE$`),
    also: ['held-is-reserved'],
  },
  {
    check: 'held-is-reserved',
    what: 'a held seat whose reservation has expired',
    sql: ({ held }) => [
      `update reservations.reservation set status = 'EXPIRED' where reservation_id = '${held}'`,
    ],
    says: ({ performance, held }) =>
      new RegExp(`^seat 3 of performance ${performance} is held for reservation ${held}, which is EXPIRED$`),
  },
  {
    check: 'held-is-reserved',
    what: 'a held reservation whose payment is closed',
    sql: ({ held }) => [
      `update payments.payment set state = 'REFUSED', closed_at = opened_at where reservation_id = '${held}'`,
    ],
    says: ({ held }) => new RegExp(`^reservation ${held} is HELD, but its payment is REFUSED$`),
    also: ['events-are-true'],
  },
  {
    check: 'one-owner',
    what: 'a seat in two reservations',
    sql: ({ held }) => [
      `update reservations.reservation set seats = '[{"no": 1, "version": 1}]' where reservation_id = '${held}'`,
      `update payments.payment set seats = '[{"no": 1, "version": 1}]' where reservation_id = '${held}'`,
    ],
    says: ({ performance }) =>
      new RegExp(`^seat 1 of performance ${performance} is in 2 reservations at once`),
    also: ['held-is-reserved'],
  },
  {
    check: 'one-owner',
    what: 'a seat in two payments',
    sql: ({ held }) => [
      `update payments.payment set seats = '[{"no": 1, "version": 1}]' where reservation_id = '${held}'`,
    ],
    says: ({ performance }) => new RegExp(`^seat 1 of performance ${performance} is in 2 payments at once`),
    also: ['amounts'],
  },
  {
    check: 'amounts',
    what: 'a reservation of another amount',
    sql: ({ paid }) => [
      `update reservations.reservation set amount_krw = amount_krw + 1 where reservation_id = '${paid}'`,
    ],
    says: ({ paid }) =>
      new RegExp(
        `^reservation ${paid}: its seats cost 100000 won, its hold says 100000, its reservation 100001`,
      ),
  },
  {
    check: 'amounts',
    what: 'a reservation of another buyer',
    sql: ({ held }) => [
      `update reservations.reservation set user_id = '${OTHER}' where reservation_id = '${held}'`,
    ],
    says: ({ held }) => new RegExp(`^reservation ${held} is of another buyer`),
  },
];
