import type { AnyEvent } from '#contract/events.ts';
import { RESERVATION_STATUSES, type ReservationStatus } from '#contract/http/reservations.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, readNothing, type TestDatabase } from '../../test/support/database.ts';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { paidOf, type Reserved, turnSpentOf, unpaidOf } from '../../test/support/purchase-events.ts';
import { runReaction } from '../../test/support/react.ts';
import { createMessaging, type Messaging } from '../messaging/index.ts';
import { whileLocked } from '../../test/support/while-locked.ts';
import { systemClock } from '../platform/clock.ts';
import { newUuid } from '../platform/identifiers.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createTokenSigner } from '../platform/signed-token.ts';
import { cancelReservations } from './cancel-reservations.ts';
import { createReservations, type Reservation, type Reservations } from './index.ts';
import { moveReservations } from './move-reservations.ts';
import { transitions } from './reservation.ts';

const nothing = (): void => {};
const key = (text: string) => [{ kid: 'k', secret: Buffer.from(text.padEnd(32, '.')) }];
const signer = createTokenSigner(key('ours'), systemClock);

let db: TestDatabase;
let reservations: Reservations;
/** The same service on another instance. */
let elsewhere: Reservations;

beforeAll(async () => {
  db = await createTestDatabase();
  await readNothing(db);
  reservations = start(db.database);
  elsewhere = start(await db.open());
});

afterAll(() => db[Symbol.asyncDispose]());

function start(database: Database): Reservations {
  const messaging = messagingOn(database);
  return createReservations({ database, messaging, clock: systemClock, signer, observe: nothing });
}

function messagingOn(database: Database): Messaging {
  return createMessaging({
    database,
    connection: db.connection,
    instanceId: newUuid(),
    clock: systemClock,
    logger: createLogRecorder().logger,
    retentionMs: 60_000,
    observe: nothing,
    onAppended: nothing,
    onParked: nothing,
  });
}

function reservedBy(userId: string, change: Partial<Reserved> = {}): Reserved {
  return {
    name: 'SeatReserved',
    reservationId: newUuid(),
    userId,
    performanceId: 7,
    seats: [
      { no: 3, version: 1 },
      { no: 4, version: 5 },
    ],
    amountKrw: 120_000,
    turn: { room: 'main', epoch: 1, number: 1 },
    expiresAt: '2099-01-01T00:05:00.000Z',
    payNow: false,
    ...change,
  };
}

function create(...holds: readonly Reserved[]): Promise<readonly AnyEvent[]> {
  return db.database.transaction((tx) => reservations.reactions.SeatReserved.run(tx, holds));
}

async function createOne(userId = newUuid()): Promise<Reserved> {
  const hold = reservedBy(userId);
  await create(hold);
  return hold;
}

const move = (status: ReservationStatus, ...holds: readonly Reserved[]) =>
  db.database.transaction(async (tx) =>
    moveReservations(
      tx,
      status,
      holds.map((hold) => hold.reservationId),
    ),
  );

const statusOf = async ({ userId, reservationId }: Reserved) =>
  (await reservations.find(userId, reservationId))?.status;

const react = (event: AnyEvent) => runReaction(db.database, reservations.reactions, [event]);

const eventsOf = async ({ reservationId }: Reserved) => {
  const rows = await db.database.rows<{ event: AnyEvent }>(
    {
      name: 'test.events-of',
      text: `select event from messaging.log, json_array_elements(events) as event
        where event->>'reservationId' = $1::text order by id`,
    },
    [reservationId],
  );
  return rows.map((row) => row.event);
};

describe('a hold', () => {
  test('becomes a reservation that knows what was held, and payments learn of it', async () => {
    const hold = reservedBy(newUuid());
    expect(await create(hold)).toEqual([{ ...hold, name: 'ReservationCreated' }]);
    expect(await reservations.find(hold.userId, hold.reservationId)).toMatchObject({
      reservationId: hold.reservationId,
      performanceId: 7,
      seats: hold.seats,
      amountKrw: 120_000,
      status: 'HELD',
      expiresAt: hold.expiresAt,
    });
  });

  test('that comes twice, in one set or later, is one reservation and says nothing more', async () => {
    const hold = reservedBy(newUuid());
    expect(await create(hold, hold)).toHaveLength(1);
    await move('CONFIRMED', hold);
    expect(await create(hold, { ...hold, expiresAt: '2020-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await statusOf(hold)).toBe('CONFIRMED');
  });

  test('whose time is over becomes one, too: payments say what becomes of it', async () => {
    const late = reservedBy(newUuid(), { expiresAt: '2020-01-01T00:00:00.000Z' });
    expect(await create(late)).toEqual([{ ...late, name: 'ReservationCreated' }]);
    await react(unpaidOf(late, 'lapsed'));
    expect(await statusOf(late)).toBe('EXPIRED');
  });

  test('of which no reservation can be made is given up with its seats', () => {
    const hold = reservedBy(newUuid());
    expect(reservations.reactions.SeatReserved.giveUp?.(hold)).toMatchObject({
      name: 'ReservationCreationFailed',
      seats: hold.seats,
    });
  });
});

describe('what others decide', () => {
  test.each<[string, (hold: Reserved) => AnyEvent, ReservationStatus]>([
    ['payment confirms', paidOf, 'CONFIRMED'],
    ['a lapse expires', (hold) => unpaidOf(hold, 'lapsed'), 'EXPIRED'],
    ['a refused payment cancels', (hold) => unpaidOf(hold, 'refused'), 'CANCELLED'],
    ['a payment that failed cancels', (hold) => unpaidOf(hold, 'failed'), 'CANCELLED'],
    ['a turn that was spent before cancels', turnSpentOf, 'CANCELLED'],
  ])('%s a held reservation', async (_, toEvent, status) => {
    const hold = await createOne();
    const other = await createOne();
    expect(await react(toEvent(hold))).toEqual([]);
    expect(await statusOf(hold)).toBe(status);
    expect(await statusOf(other)).toBe('HELD');
  });

  test('a confirmed reservation is cancelled when the turn had been spent, but never expires', async () => {
    const hold = await createOne();
    await react(paidOf(hold));
    await react(unpaidOf(hold, 'lapsed'));
    expect(await statusOf(hold)).toBe('CONFIRMED');
    await react(turnSpentOf(hold));
    expect(await statusOf(hold)).toBe('CANCELLED');
  });

  test('only the transitions of the table happen, whatever is asked for', async () => {
    const happened: string[] = [];
    for (const from of RESERVATION_STATUSES) {
      for (const to of RESERVATION_STATUSES) {
        const hold = await createOne();
        const text = 'update reservations.reservation set status = $2 where reservation_id = $1';
        await db.database.rows({ name: 'test.set-status', text }, [hold.reservationId, from]);
        await move(to, hold);
        if ((await statusOf(hold)) !== from) happened.push(`${from} ${to}`);
      }
    }
    const allowed = Object.entries(transitions).flatMap(([from, next]) => next.map((to) => `${from} ${to}`));
    expect(happened.toSorted()).toEqual(allowed.toSorted());
  });
});

describe('giving back', () => {
  test('cancels, and says so once with seats and versions', async () => {
    const hold = await createOne();
    const { reservationId, userId, performanceId, seats } = hold;
    expect(await reservations.cancel({ reservationId, userId })).toEqual({ outcome: 'cancelled' });
    expect(await statusOf(hold)).toBe('CANCELLED');
    expect(await eventsOf(hold)).toEqual([
      { name: 'ReservationCancelled', reservationId, userId, performanceId, seats },
    ]);
  });

  test('twice, at two instances at once or later, gets good answers and has one effect', async () => {
    const hold = await createOne();
    const outcomes = await whileLocked(db, 'select from reservations.reservation for update', 2, () =>
      Promise.all([reservations.cancel(hold), elsewhere.cancel(hold)]),
    );
    outcomes.push(await reservations.cancel(hold));
    expect(outcomes).toEqual(outcomes.map(() => ({ outcome: 'cancelled' })));
    expect(await eventsOf(hold)).toHaveLength(1);
  });

  test('twice in one batch gets two good answers and has one effect', async () => {
    const hold = await createOne();
    const deps = { database: db.database, messaging: messagingOn(db.database) };
    expect(await cancelReservations(deps, [hold, hold])).toEqual([
      { outcome: 'cancelled' },
      { outcome: 'cancelled' },
    ]);
    expect(await eventsOf(hold)).toHaveLength(1);
  });

  test("of somebody else's is refused as if there were none", async () => {
    const hold = await createOne();
    const outcome = await reservations.cancel({ reservationId: hold.reservationId, userId: newUuid() });
    expect(outcome).toEqual({ outcome: 'refused', problem: 'reservation.not-found' });
    expect(await statusOf(hold)).toBe('HELD');
    expect(await eventsOf(hold)).toEqual([]);
  });

  test.each<ReservationStatus>(['CONFIRMED', 'EXPIRED'])('of one that is %s is refused', async (status) => {
    const hold = await createOne();
    await move(status, hold);
    const expected = {
      outcome: 'refused',
      problem: 'reservation.not-held',
      extra: { reservationStatus: status },
    };
    expect(await reservations.cancel(hold)).toEqual(expected);
    expect(await eventsOf(hold)).toEqual([]);
  });

  test('and payment at the same moment: whichever is first is final', async () => {
    const holds = await Promise.all(Array.from({ length: 20 }, () => createOne()));
    const outcomes = await Promise.all(
      holds.flatMap((hold) => [reservations.cancel(hold), move('CONFIRMED', hold).then(() => undefined)]),
    );
    for (const [index, hold] of holds.entries()) {
      const cancelled = outcomes[index * 2]?.outcome === 'cancelled';
      expect(await statusOf(hold)).toBe(cancelled ? 'CANCELLED' : 'CONFIRMED');
      expect(await eventsOf(hold)).toHaveLength(cancelled ? 1 : 0);
    }
  });
});

describe('looking for one', () => {
  test('waits for a reservation that is made a moment later', async () => {
    const hold = reservedBy(newUuid());
    const looking = reservations.find(hold.userId, hold.reservationId);
    const cancelling = reservations.cancel(hold);
    await create(hold);
    expect(await looking).toMatchObject({ reservationId: hold.reservationId });
    expect(await cancelling).toEqual({ outcome: 'cancelled' });
  });

  test("does not find somebody else's", async () => {
    const hold = await createOne();
    expect(await reservations.find(newUuid(), hold.reservationId)).toBeUndefined();
  });
});

describe('the list', () => {
  async function readAll(userId: string, limit: number, between = async () => {}): Promise<Reservation[]> {
    const all: Reservation[] = [];
    for (;;) {
      const page = await reservations.list(userId, { limit, after: all.at(-1) });
      all.push(...page);
      if (page.length < limit) return all;
      await between();
    }
  }

  const idsOf = (list: readonly { reservationId: string }[]) =>
    list.map(({ reservationId }) => reservationId).toSorted();

  test('page by page has all that were made within a millisecond', async () => {
    const userId = newUuid();
    const holds = Array.from({ length: 100 }, () => reservedBy(userId));
    await create(...holds);
    expect(idsOf(await readAll(userId, 7))).toEqual(idsOf(holds));
  });

  test('is newest first, and page by page nothing is skipped or comes twice, whatever is added', async () => {
    const userId = newUuid();
    const holds = Array.from({ length: 23 }, () => reservedBy(userId));
    await create(...holds);
    await createOne();
    const text = `update reservations.reservation set created_at =
      date_trunc('seconds', created_at) - (('x' || right(reservation_id::text, 2))::bit(8)::int % 3) * interval '1 s'
      where user_id = $1`;
    await db.database.rows({ name: 'test.ties', text }, [userId]);

    const all = await readAll(userId, 5, async () => void (await create(reservedBy(userId))));
    expect(idsOf(all)).toEqual(idsOf(holds));
    const times = all.map((row) => row.createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(await reservations.list(userId, { limit: 100 })).toHaveLength(23 + 4);
  });

  test('of the confirmed ones has no others', async () => {
    const userId = newUuid();
    const [held, confirmed] = [await createOne(userId), await createOne(userId)];
    await move('CONFIRMED', confirmed);
    const found = await reservations.list(userId, { limit: 10, status: 'CONFIRMED' });
    expect(found.map((row) => row.reservationId)).toEqual([confirmed.reservationId]);
    expect(await statusOf(held)).toBe('HELD');
  });
});

describe('tickets', () => {
  async function buy(): Promise<{ hold: Reserved; reservation: Reservation; codes: string[] }> {
    const hold = await createOne();
    await react(paidOf(hold));
    const reservation = await reservations.find(hold.userId, hold.reservationId);
    if (reservation === undefined) throw new Error('the reservation is gone');
    return { hold, reservation, codes: reservations.tickets(reservation).map((ticket) => ticket.code) };
  }
  const invalid = { outcome: 'refused', problem: 'ticket.invalid' };

  test('are one for each seat of a confirmed reservation, and each is good for its seat', async () => {
    const { hold, codes } = await buy();
    const checks = await Promise.all(codes.map((code) => elsewhere.checkTicket(code)));
    const { reservationId, performanceId, userId } = hold;
    expect(checks).toEqual(
      [3, 4].map((seatNo) => ({ outcome: 'valid', reservationId, performanceId, seatNo, userId })),
    );
  });

  test.each(RESERVATION_STATUSES.filter((status) => status !== 'CONFIRMED'))(
    'there are none of a reservation that is %s',
    async (status) => {
      const { reservation } = await buy();
      expect(reservations.tickets({ ...reservation, status })).toEqual([]);
    },
  );

  test('are not valid any more once the reservation was cancelled', async () => {
    const { hold, codes } = await buy();
    await react(turnSpentOf(hold));
    expect(await reservations.checkTicket(codes[0] ?? '')).toEqual(invalid);
  });

  test('with one character changed are not valid', async () => {
    const { codes } = await buy();
    const code = codes[0] ?? '';
    for (let at = 0; at < code.length; at += 7) {
      const other = code[at] === 'A' ? 'B' : 'A';
      expect(await reservations.checkTicket(code.slice(0, at) + other + code.slice(at + 1))).toEqual(invalid);
    }
  });

  test('that we did not sign, or signed for something else, are not valid', async () => {
    const { hold } = await buy();
    const claims = { rsv: hold.reservationId, prf: hold.performanceId, seat: 3 };
    const forger = createTokenSigner(key('theirs'), systemClock);
    const forged = [forger.sign('ticket', claims), signer.sign('queue', claims), '', 'a.b.c'];
    expect(await Promise.all(forged.map((code) => reservations.checkTicket(code)))).toEqual(
      forged.map(() => invalid),
    );
    expect(await reservations.checkTicket(signer.sign('ticket', claims))).toMatchObject({ outcome: 'valid' });
  });

  test.each([{ seat: 9 }, { prf: 8 }, { rsv: newUuid() }, { seat: '3' }])(
    'for what the reservation does not have are not valid: %o',
    async (change) => {
      const { hold } = await buy();
      const claims = { rsv: hold.reservationId, prf: hold.performanceId, seat: 3, ...change };
      expect(await reservations.checkTicket(signer.sign('ticket', claims))).toEqual(invalid);
    },
  );
});
