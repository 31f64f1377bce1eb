/** Goal: a queue token is good for its own place and for nothing else, and keys can be changed while people wait. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client, Fan } from '../support/client.ts';
import { openEvents } from '../support/event-client.ts';
import { openSale, type Sale } from '../support/sale.ts';
import { createWorld, type World } from '../support/world.ts';

const key = (kid: string, byte: number) => `${kid}:${Buffer.alloc(32, byte).toString('base64url')}`;
const [OLD, NEW] = [key('2026-10', 1), key('2026-11', 2)];

/** The turn's own end was a moment ago. */
const END_HOLDING = {
  name: 'test.end-holding',
  text: `/* test.end-holding */ update waiting_room.token
    set holds_until = clock_timestamp() - interval '1 second' where room = 'main' and number = $1`,
};

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
const kidOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;

/** What every route that takes a queue token makes of this one: statuses, and the codes of what is refused. */
async function tryEverywhere(client: Client, token: string, performanceId: number) {
  const seats = `/performances/${performanceId}/seats`;
  const [standing, leaving, looking, holding, paying] = [
    await client.get('/queue/tokens/me', token),
    await client.request('DELETE', '/queue/tokens/me', { token }),
    await client.get(seats, token),
    await client.post('/reservations', { token, body: { performanceId, seats: [1] } }),
    await client.post('/payments', { token, body: { reservationId: randomUUID() } }),
  ];
  const streams: [number, unknown][] = [];
  for (const path of ['/queue/tokens/me/stream', `${seats}/stream`]) {
    using stream = await openEvents(`${client.url}/api/v1${path}`, { token });
    const body = stream.status === 200 ? { code: 'a stream' } : (JSON.parse(stream.text || '{}') as object);
    streams.push([stream.status, Reflect.get(body, 'code')]);
  }
  const booking = [looking, holding, paying].map(({ status, body }) => [status, body['code']]);
  return {
    standing: [standing.status, standing.body['state'] ?? standing.body['code']],
    leaving: leaving.status,
    booking,
    streams,
  };
}

/** What every route that takes a queue token answers to a good one, from the first look to the purchase and the way out. */
async function useEverywhere(client: Client, fan: Fan, { performanceId }: Sale, seatNo: number) {
  const token = fan.turn;
  const answers: [route: string, status: number][] = [];
  const note = <Noted extends { readonly status: number }>(route: string, answer: Noted): Noted => {
    answers.push([route, answer.status]);
    return answer;
  };
  const seats = `/performances/${performanceId}/seats`;
  note('standing', await client.get('/queue/tokens/me', token));
  note('seats', await client.get(seats, token));
  for (const path of ['/queue/tokens/me/stream', `${seats}/stream`]) {
    using stream = await openEvents(`${client.url}/api/v1${path}`, { token });
    note('stream', stream);
  }
  const hold = { token, body: { performanceId, seats: [seatNo] } };
  const { reservationId } = note('hold', await client.post('/reservations', hold)).body;
  note('pay', await client.post('/payments', { token, body: { reservationId } }));
  note('leave', await client.request('DELETE', '/queue/tokens/me', { token }));
  return answers;
}

const USED = [
  ['standing', 200],
  ['seats', 200],
  ['stream', 200],
  ['stream', 200],
  ['hold', 201],
  ['pay', 201],
  ['leave', 204],
];

const times = (count: number, answer: unknown) => Array.from({ length: count }, () => answer);

const INVALID = {
  standing: [401, 'queue.token-invalid'],
  leaving: 401,
  booking: times(3, [401, 'queue.token-invalid']),
  streams: times(2, [401, 'queue.token-invalid']),
};
/** Signed by us, and yet no place: nothing is shown, changed or bought. */
const NO_PLACE = {
  standing: [200, 'EXPIRED'],
  leaving: 204,
  streams: [
    [204, undefined],
    [403, 'queue.turn-over'],
  ],
};

describe('a queue token', () => {
  let world: World;
  let sale: Sale;
  let fan: Fan;
  beforeAll(async () => {
    world = await createWorld();
    sale = await openSale(world);
    fan = await world.client().fan();
    await world.client().operator('POST', '/admin/queue/rooms', { room: 'other' });
    // With the same number there.
    expect((await world.client().fan('other')).number).toBe(fan.number);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const signed = (type: string, change: object) =>
    world.instances[0]?.context.signer.sign(type, { ...claimsOf(fan.turn), ...change }) ?? '';

  it.each([
    ['an account token', () => fan.account],
    ['a place signed as an account token', () => signed('account', {})],
    ['a place signed as the code of a ticket', () => signed('ticket', {})],
    ['a place without its user', () => signed('queue', { sub: undefined })],
    ['a place without its room', () => signed('queue', { room: undefined })],
  ])('is not %s', async (_, token) => {
    expect(await tryEverywhere(world.client(), token(), sale.performanceId)).toEqual(INVALID);
  });

  it.each([
    ['another life of the room', 'queue.turn-over', { epoch: 2 }],
    ['a number that was never given', 'queue.turn-over', { n: 1_000 }],
    ['somebody else', 'queue.token-foreign', { sub: randomUUID() }],
    ['a room that never was', 'queue.turn-over', { room: 'nowhere' }],
    ['another room, where the number is somebody else’s', 'queue.token-foreign', { room: 'other' }],
  ])('of %s is no place, and takes nothing from anybody', async (_, code, change) => {
    const tried = await tryEverywhere(world.client(), signed('queue', change), sale.performanceId);
    const streams = [NO_PLACE.streams[0], [403, code]];
    expect(tried).toEqual({ ...NO_PLACE, booking: times(3, [403, code]), streams });
    expect((await world.client().get('/queue/tokens/me', fan.turn)).body).toMatchObject({ state: 'ACTIVE' });
  });

  it('of another room is a place there: it shows any map, and neither holds nor pays here', async () => {
    const client = world.client();
    const buyer = await client.fan();
    const { performanceId, priceKrw } = sale;
    const seats = `/performances/${performanceId}/seats`;
    await buyer.charge(priceKrw);
    const { reservationId } = (await buyer.hold(performanceId, [1])).body;
    await world.settle();
    const joined = await client.post<{ token: string }>('/queue/tokens', {
      token: buyer.account,
      body: { room: 'other' },
    });
    const { token } = joined.body;

    expect((await client.get('/queue/tokens/me', token)).body).toMatchObject({
      room: 'other',
      state: 'ACTIVE',
    });
    expect((await client.get(seats, token)).status).toBe(200);
    using stream = await openEvents(`${client.url}/api/v1${seats}/stream`, { token });
    expect(stream.status).toBe(200);
    const foreign = { status: 403, body: { code: 'queue.token-foreign', room: 'main' } };
    expect(await client.post('/reservations', { token, body: { performanceId, seats: [2] } })).toMatchObject(
      foreign,
    );
    expect(await client.post('/payments', { token, body: { reservationId } })).toMatchObject(foreign);
    expect((await client.request('DELETE', '/queue/tokens/me', { token })).status).toBe(204);
    expect((await client.get('/queue/tokens/me', buyer.turn)).body).toMatchObject({ state: 'ACTIVE' });
    expect((await buyer.pay(String(reservationId))).status).toBe(201);
  });
});

it('a token of every key that an instance has opens every route there, and one of another key none', async () => {
  await using world = await createWorld({
    envOf: [{ SIGNING_KEYS: `${NEW},${OLD}` }, { SIGNING_KEYS: `${OLD},${NEW}` }, { SIGNING_KEYS: NEW }],
  });
  const sale = await openSale(world);
  const [byNew, byOld] = [0, 1];
  let seatNo = 0;
  for (const [signer, instance] of [
    [byNew, 0],
    [byNew, 1],
    [byNew, 2],
    [byOld, 0],
    [byOld, 1],
  ] as const) {
    const fan = await world.client(signer).fan();
    expect(kidOf(fan.turn)).toBe(signer === byNew ? '2026-11' : '2026-10');
    await fan.charge(sale.priceKrw);
    expect(await useEverywhere(world.client(instance), fan, sale, ++seatNo)).toEqual(USED);
  }
  const late = await world.client(byOld).fan();
  expect(await tryEverywhere(world.client(2), late.turn, sale.performanceId)).toEqual(INVALID);
});

it('keys are changed while people wait: every instance takes tokens of every key it has, and nobody loses a place', async () => {
  await using world = await createWorld({
    envOf: [{ SIGNING_KEYS: `${NEW},${OLD}` }, { SIGNING_KEYS: `${OLD},${NEW}` }, { SIGNING_KEYS: NEW }],
  });
  await world.client().operator('PATCH', '/admin/queue/rooms/main', { capacity: 1 });
  await world.client(0).fan();
  const guest = await world.client(0).post<{ accessToken: string; userId: string }>('/guests');
  const { accessToken, userId } = guest.body;
  const join = (instance: number) =>
    world
      .client(instance)
      .post<{ token: string; number: number }>('/queue/tokens', { token: accessToken, body: {} });

  const [byNew, byOld] = [await join(0), await join(1)];
  const tokens = [byNew.body.token, byOld.body.token];
  expect(tokens.map(kidOf)).toEqual(['2026-11', '2026-10']);
  expect([byNew.body.number, byOld.body.number]).toEqual([2, 2]);
  for (const token of tokens) {
    for (const instance of [0, 1]) {
      const answer = await world.client(instance).get('/queue/tokens/me', token);
      expect(answer).toMatchObject({ status: 200, body: { userId, number: 2, state: 'WAITING', ahead: 0 } });
    }
  }

  const late = await world.client(2).get('/queue/tokens/me', byOld.body.token);
  expect(late).toMatchObject({ status: 401, body: { code: 'queue.token-invalid' } });
  const again = await join(2);
  expect(again).toMatchObject({ status: 200, body: { number: 2, state: 'WAITING' } });
  expect(again.body.token).not.toBe(byOld.body.token);
  expect((await world.client(2).get('/queue/tokens/me', again.body.token)).status).toBe(200);
});

it('past its own end a turn pays for what is held on it, and holds nothing more', async () => {
  await using world = await createWorld({ instances: 2 });
  const { performanceId, priceKrw } = await openSale(world);
  const fan = await world.client(0).fan();
  const elsewhere = world.client(1);
  await fan.charge(priceKrw);
  const held = await fan.hold(performanceId, [1]);
  const { reservationId } = held.body;
  await world.settle();
  await world.db.database.transaction((tx) => tx.rows(END_HOLDING, [fan.number]));

  const again = { token: fan.turn, body: { performanceId, seats: [2] } };
  expect(await elsewhere.post('/reservations', again)).toMatchObject({
    status: 403,
    body: { code: 'queue.turn-over' },
  });
  expect((await elsewhere.get(`/performances/${performanceId}/seats`, fan.turn)).status).toBe(200);
  const paid = await elsewhere.post('/payments', { token: fan.turn, body: { reservationId } });
  expect(paid).toMatchObject({ status: 201, body: { status: 'PAID' } });
});
