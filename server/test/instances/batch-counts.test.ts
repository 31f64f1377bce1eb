/**
 * Goal: a batch costs the database the same statements and one commit, however many ride in it, and writes the rows that it
 * must; so what a purchase costs falls as a sale gets busier. It counts, and times nothing.
 * Method: one instance, and a crowd that does each thing at the same moment, alone and as many. The two tables are all that
 * the instance does for them at the database, its following of the log apart: to add a statement is to add it here.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../src/context.ts';
import * as crowds from '../support/crowd.ts';
import { expectPromisesKept } from '../support/promises.ts';
import { type Committed, type RecordedWork, recordWork, type Written } from '../support/recorded-work.ts';
import { openSale, type Sale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const SIZES = [1, 200];
const SEATS = SIZES.reduce((sum, size) => sum + size, 0);
/** With the time that a payment of the last moment is given, a hold of now outlasts a turn that began now. */
const LONG_HOLD_MS = 599_000;

type Rows = Readonly<Record<string, Partial<Pick<Written, 'inserted' | 'updated' | 'deleted'>>>>;

interface Batch {
  readonly statements: readonly string[];
  /** By a batch of so many. */
  readonly rows: (count: number) => Rows;
}

const BATCHES = {
  charge: {
    statements: [
      'payments.create-wallets',
      'payments.lock-wallets',
      'payments.recall',
      'payments.instant',
      'payments.move',
      'payments.post',
    ],
    rows: (n) => ({
      'payments.transfer': { inserted: n },
      'payments.wallet': { inserted: n, updated: n },
    }),
  },
  join: {
    statements: [
      'waiting-room.lock-rooms',
      'waiting-room.read-rooms',
      'waiting-room.live-places',
      'waiting-room.give-numbers',
      'waiting-room.write-rooms',
    ],
    rows: (n) => ({ 'waiting_room.room': { updated: 1 }, 'waiting_room.token': { inserted: n } }),
  },
  'join and wait': {
    statements: [
      'waiting-room.lock-rooms',
      'waiting-room.read-rooms',
      'waiting-room.live-places',
      'waiting-room.give-numbers',
      'waiting-room.write-rooms',
    ],
    rows: (n) => ({ 'waiting_room.room': { updated: 1 }, 'waiting_room.token': { inserted: n } }),
  },
  'change the room': {
    statements: [
      'waiting-room.lock-rooms',
      'waiting-room.read-rooms',
      'waiting-room.change-room',
      'waiting-room.write-rooms',
      'operator-log.record',
    ],
    rows: () => ({ 'operator_log.entry': { inserted: 1 }, 'waiting_room.room': { updated: 2 } }),
  },
  'change the room and let in': {
    statements: [
      'waiting-room.lock-rooms',
      'waiting-room.read-rooms',
      'waiting-room.change-room',
      'waiting-room.next',
      'waiting-room.write-rooms',
      'waiting-room.admit',
      'operator-log.record',
    ],
    rows: (n) => ({
      'operator_log.entry': { inserted: 1 },
      'waiting_room.room': { updated: 2 },
      'waiting_room.token': { updated: n },
    }),
  },
  'take a turn up': {
    statements: ['waiting-room.claim-turns', 'waiting-room.turns'],
    rows: (n) => ({ 'waiting_room.token': { updated: n } }),
  },
  hold: {
    statements: [
      'seats.lock-free',
      'seats.recall',
      'seats.terms',
      'seats.buyers',
      'seats.remember',
      'seats.add-buyers',
      'seats.take',
      'messaging.append',
    ],
    rows: (n) => ({
      'messaging.log': { inserted: 1 },
      'seats.buyer': { inserted: n },
      'seats.hold': { inserted: n },
      'seats.seat': { updated: n },
    }),
  },
  'create the reservation': {
    statements: ['messaging.lock-cursor', 'reservations.create', 'messaging.append', 'messaging.move-cursor'],
    rows: (n) => ({
      'messaging.cursor': { updated: 1 },
      'messaging.log': { inserted: 1 },
      'reservations.reservation': { inserted: n },
    }),
  },
  'leave the turn as it is': {
    statements: ['messaging.lock-cursor', 'waiting-room.short-turns', 'messaging.move-cursor'],
    rows: () => ({ 'messaging.cursor': { updated: 1 } }),
  },
  'extend the turn': {
    statements: [
      'messaging.lock-cursor',
      'waiting-room.short-turns',
      'waiting-room.lock-rooms',
      'waiting-room.read-rooms',
      'waiting-room.reopen-turns',
      'waiting-room.extend-turns',
      'messaging.move-cursor',
    ],
    rows: (n) => ({ 'messaging.cursor': { updated: 1 }, 'waiting_room.token': { updated: n } }),
  },
  'open the payment': {
    statements: ['messaging.lock-cursor', 'payments.open', 'messaging.move-cursor'],
    rows: (n) => ({ 'messaging.cursor': { updated: 1 }, 'payments.payment': { inserted: n } }),
  },
  pay: {
    statements: [
      'payments.lock',
      'payments.lock-wallets',
      'payments.recall',
      'payments.instant',
      'payments.pay',
      'payments.move',
      'payments.post',
      'messaging.append',
    ],
    rows: (n) => ({
      'messaging.log': { inserted: 1 },
      'payments.payment': { updated: n },
      'payments.transfer': { inserted: n },
      'payments.wallet': { updated: n },
    }),
  },
  'confirm the reservation': {
    statements: ['messaging.lock-cursor', 'reservations.move', 'messaging.move-cursor'],
    rows: (n) => ({ 'messaging.cursor': { updated: 1 }, 'reservations.reservation': { updated: n } }),
  },
  'sell the seats': {
    statements: [
      'messaging.lock-cursor',
      'seats.lock-claimed',
      'seats.lock-holds',
      'seats.sell',
      'seats.close-sold',
      'messaging.append',
      'messaging.move-cursor',
    ],
    rows: (n) => ({
      'messaging.cursor': { updated: 1 },
      'messaging.log': { inserted: 1 },
      'seats.hold': { updated: n },
      'seats.seat': { updated: n },
    }),
  },
  'spend the turn': {
    statements: [
      'messaging.lock-cursor',
      'waiting-room.lock-rooms',
      'waiting-room.read-rooms',
      'waiting-room.lock-places',
      'waiting-room.end-places',
      'waiting-room.write-rooms',
      'messaging.append',
      'messaging.move-cursor',
    ],
    rows: (n) => ({
      'messaging.cursor': { updated: 1 },
      'messaging.log': { inserted: 1 },
      'waiting_room.room': { updated: 1 },
      'waiting_room.token': { updated: n },
    }),
  },
} satisfies Record<string, Batch>;

/** What each thing that a crowd does comes to: transactions, and statements on their own. */
const STEPS = {
  charge: { batches: ['charge'], alone: [] },
  join: { batches: ['join'], alone: [] },
  'join and wait': { batches: ['join and wait'], alone: [] },
  'pause the room': { batches: ['change the room'], alone: [] },
  'open the room': { batches: ['change the room and let in'], alone: [] },
  /** Of whom nothing is remembered, which would be good for a second. */
  'pass the door': { batches: [], alone: ['waiting-room.turns'] },
  'pass the door as one who waited': { batches: ['take a turn up'], alone: ['waiting-room.turns'] },
  hold: {
    batches: ['hold', 'create the reservation', 'leave the turn as it is', 'open the payment'],
    alone: [],
  },
  'hold for longer than the turn': {
    batches: ['hold', 'create the reservation', 'extend the turn', 'open the payment'],
    alone: [],
  },
  pay: {
    batches: ['pay', 'confirm the reservation', 'sell the seats', 'spend the turn'],
    alone: [],
  },
} satisfies Record<string, { batches: (keyof typeof BATCHES)[]; alone: string[] }>;
type Step = keyof typeof STEPS;

/** What is done at its own pace, whether anybody comes or not: the first statement of each. */
const BY_ITSELF = new Set([
  'payments.sweep-instant',
  'payments.sweep-left',
  'messaging.take-parked',
  'messaging.retain-alone',
  'waiting-room.look',
]);
/** Of a cursor that has passed what does not concern its reader, every few seconds. */
const IS_TIDYING = 'messaging.find-horizon';
const IS_FOLLOWING = /^messaging\./;
/** A reader reads its work on its own, or on the way to the cursor, by what it knows. */
const readsOnTheWay = (statements: readonly string[]): boolean =>
  statements[0] === 'messaging.fetch' && statements[1] === 'messaging.lock-cursor';

let world: World;
let sale: Sale;
let context: Context;
let work: RecordedWork;
let seatNo = 1;
/** Seats that nobody has yet. */
const nextSeats = (count: number) => Array.from({ length: count }, () => seatNo++);

async function open(env: Record<string, string>): Promise<void> {
  world = await createWorld({ env });
  const [instance] = world.instances;
  if (instance === undefined) throw new Error('there is an instance');
  context = instance.context;
  sale = await openSale(world, { seats: SEATS });
  await world.settle();
  seatNo = 1;
}

/** Does something, and expects that it cost what the tables say, and that nothing but this was done since the last step. */
async function step<T>(name: Step, count: number, act: () => Promise<T>): Promise<T> {
  const result = await act();
  await world.settle();
  const { batches, alone } = STEPS[name];
  const done = () => work.transactions.filter((each) => !isByItself(each));
  // That something is committed can be seen a moment before whoever did it is told so.
  await until('all of it is recorded', () => done().length >= batches.length).catch(() => {});
  expect(
    done()
      .map(({ statements, written }) => ({
        statements: statements.slice(readsOnTheWay(statements) ? 1 : 0),
        rows: rowsOf(written),
      }))
      .toSorted(byStatements),
    `transactions of: ${name}`,
  ).toEqual(
    batches
      .map((batch) => ({ statements: BATCHES[batch].statements, rows: BATCHES[batch].rows(count) }))
      .toSorted(byStatements),
  );
  const asked = work.alone.filter((statement) => !IS_FOLLOWING.test(statement) && !BY_ITSELF.has(statement));
  expect(asked, `statements on their own of: ${name}`).toEqual(alone);
  work.transactions.length = work.alone.length = 0;
  return result;
}

/** The readers of the log work side by side. */
const byStatements = (a: Pick<Committed, 'statements'>, b: Pick<Committed, 'statements'>): number =>
  a.statements.join().localeCompare(b.statements.join());

function isByItself({ statements }: Committed): boolean {
  return BY_ITSELF.has(statements[0] ?? '') || statements.includes(IS_TIDYING);
}

function rowsOf(written: Committed['written']): Rows {
  return Object.fromEntries(
    [...written].map(([table, { inserted, updated, deleted }]) => [
      table.replace(/^messaging\.log_\d+$/, 'messaging.log'),
      { ...(inserted > 0 && { inserted }), ...(updated > 0 && { updated }), ...(deleted > 0 && { deleted }) },
    ]),
  );
}

beforeEach(() => {
  work = recordWork(context.database);
});

describe('a purchase', () => {
  beforeAll(() => open({}));
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(SIZES)('of a batch of %i is so many statements and commits, and so many rows', async (count) => {
    const crowd = crowds.gather(count);
    await step('charge', count, () => crowds.chargeTogether(context, crowd, sale.priceKrw));
    const inTurn = await step('join', count, () => crowds.joinTogether(context, crowd));
    context.waitingRoom.forget();
    await step('pass the door', count, () => crowds.passTogether(context, inTurn, 'hold'));
    const holding = await step('hold', count, () =>
      crowds.holdTogether(context, inTurn, sale.performanceId, nextSeats(count)),
    );
    context.waitingRoom.forget();
    await step('pass the door', count, () => crowds.passTogether(context, holding, 'pay'));
    await step('pay', count, () => crowds.payTogether(context, holding));
    await expectPromisesKept(world);
  });
});

describe('a purchase of those who waited, on turns that end before their holds', () => {
  beforeAll(() => open({ HOLD_TTL_MS: String(LONG_HOLD_MS) }));
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(SIZES)('of a batch of %i is so many statements and commits, and so many rows', async (count) => {
    const turnRoom = (state: string) =>
      world.client().operator('PATCH', '/admin/queue/rooms/main', { state });
    const crowd = crowds.gather(count);
    await step('charge', count, () => crowds.chargeTogether(context, crowd, sale.priceKrw));
    await step('pause the room', count, () => turnRoom('PAUSED'));
    const inLine = await step('join and wait', count, () => crowds.joinTogether(context, crowd, 'WAITING'));
    await step('open the room', count, () => turnRoom('OPEN'));
    await step('pass the door as one who waited', count, () => crowds.passTogether(context, inLine, 'hold'));
    const holding = await step('hold for longer than the turn', count, () =>
      crowds.holdTogether(context, inLine, sale.performanceId, nextSeats(count)),
    );
    await step('pass the door', count, () => crowds.passTogether(context, holding, 'pay'));
    await step('pay', count, () => crowds.payTogether(context, holding));
    await expectPromisesKept(world);
  });
});
