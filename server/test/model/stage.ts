/** A room, a sale and some guests for one story, in a world that many stories share. */
import { randomUUID } from 'node:crypto';
import { openSale, scheduleSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import type { World } from '../support/world.ts';
import { FANS } from './calls.ts';
import type { Stage } from './perform.ts';
import { PRICE_KRW, SEAT_COUNTS, SEATS_PER_PERSON } from './state.ts';

const DAY_MS = 24 * 3_600_000;

export async function setStage(world: World, capacity: number): Promise<Stage> {
  const id = randomUUID().slice(0, 8);
  const rooms = [`model-${id}`, `other-${id}`] as const;
  const operator = world.client();
  const unlimited = { rateCount: null, rateWindowMs: null };
  await operator.operator('POST', '/admin/queue/rooms', { room: rooms[0], capacity, ...unlimited });
  await operator.operator('POST', '/admin/queue/rooms', { room: rooms[1], capacity: 1_000, ...unlimited });
  const [seats, seatsToCome] = SEAT_COUNTS;
  const sale = { priceKrw: PRICE_KRW, seatsPerPerson: SEATS_PER_PERSON, room: rooms[0] };
  const [open, toCome, ...guests] = await Promise.all([
    openSale(world, { ...sale, seats }),
    scheduleSale(operator, {
      ...sale,
      seats: seatsToCome,
      saleOpensAt: new Date(Date.now() + DAY_MS).toISOString(),
    }),
    ...FANS.map(() => operator.post<{ accessToken: string }>('/guests')),
  ]);
  await world.settle();
  return {
    client: (instance) => world.client(instance),
    rooms,
    performances: [open.performanceId, toCome.performanceId],
    accounts: guests.map((guest) => guest.body.accessToken),
    tokens: new Map(),
    ids: new Map(),
    codes: new Map(),
  };
}

const DUE = `/* test.model-due */
  select 1 from payments.payment
  where state = 'DUE' and expires_at <= clock_timestamp() and performance_id = any($1::int[])
  union all
  select 1 from waiting_room.token
  where state = 'ACTIVE' and expires_at < clock_timestamp() - interval '5 seconds' and room = any($2::text[])
  limit 1`;

const NEXT_DUE = `/* test.model-next-due */
  select ceil(extract(epoch from min(expires_at) - clock_timestamp()) * 1000)::int as ms
  from payments.payment where state = 'DUE' and performance_id = any($1::int[])`;

/** When the next payment really lapses. */
export async function dueInMs(world: World, stage: Stage): Promise<number> {
  const [row] = await world.db.database.rows<{ ms: number | null }>(
    { name: 'test.model-next-due', text: NEXT_DUE },
    [stage.performances],
  );
  if (typeof row?.ms === 'number') return row.ms;
  throw new Error('nothing is to be paid, but the model knows of something');
}

const COUNTS = `/* test.model-counts */
  select count(*) filter (where state = 'F') as free, count(*) filter (where state = 'H') as held,
    count(*) filter (where state = 'S') as sold
  from seats.seat where performance_id = $1`;

/** Until nothing follows any more: what is due has ended, every reader has read, every instance knows the seats. */
export async function settleStage(world: World, stage: Stage): Promise<void> {
  const isDue = async () => {
    const values = [stage.performances, stage.rooms];
    return (await world.db.database.rows({ name: 'test.model-due', text: DUE }, values)).length > 0;
  };
  for (let isMoving = true; isMoving; isMoving = await isDue()) {
    await until('what is due has ended', async () => !(await isDue()));
    await world.settle();
  }
  const [performanceId] = stage.performances;
  const path = `/admin/performances/${performanceId}/sales`;
  await until('every instance knows the seats', async () => {
    const [[counts], ...sales] = await Promise.all([
      world.db.database.rows<{ free: number; held: number; sold: number }>(
        { name: 'test.model-counts', text: COUNTS },
        [performanceId],
      ),
      ...world.instances.map((_, instance) => stage.client(instance).operator('GET', path)),
    ]);
    return sales.every(
      ({ body }) =>
        body['free'] === counts?.free && body['held'] === counts?.held && body['sold'] === counts?.sold,
    );
  });
}

/** Nothing is due here any more, so that other stories may move the time. */
export async function leaveStage(stage: Stage): Promise<void> {
  const client = stage.client(0);
  const gives = stage.accounts.flatMap((token) =>
    [...stage.ids].map(async ([reservation, id]) => {
      if (token !== stage.accounts['ABC'.indexOf(reservation[0] ?? '')]) return;
      await client.request('DELETE', `/reservations/${id}`, { token });
    }),
  );
  const closes = stage.rooms.map((room) =>
    client.operator('PATCH', `/admin/queue/rooms/${room}`, { state: 'CLOSED' }),
  );
  await Promise.all([...gives, ...closes]);
}

/** The places of the two rooms as the table has them. */
export async function placesOf(world: World, stage: Stage): Promise<string[]> {
  const text = `/* test.model-places */
    select room, number, state from waiting_room.token where room = any($1::text[])`;
  const rows = await world.db.database.rows<{ room: string; number: number; state: string }>(
    { name: 'test.model-places', text },
    [stage.rooms],
  );
  return rows.map(({ room, number, state }) => `${stage.rooms.indexOf(room)}/${number} ${state}`).toSorted();
}
