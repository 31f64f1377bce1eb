import { randomUUID } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyRequest } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelled, createMoney, type Money, reservation } from '../../test/support/money.ts';
import { answerErrors, createErrorAnswer } from '../http/problem.ts';
import type { App, Door } from '../http/route.ts';
import { systemClock } from '../platform/clock.ts';
import { paymentRoutes } from './routes.ts';

let money: Money;
let app: App;
let url: string;
beforeAll(async () => {
  money = await createMoney();
  const ajv = { customOptions: { coerceTypes: false, removeAdditional: false } as const };
  app = Fastify({ ajv }).withTypeProvider<TypeBoxTypeProvider>();
  app.decorateRequest('caller', null);
  answerErrors(app, createErrorAnswer(money.one.log.logger, systemClock));
  paymentRoutes(app, { payments: money.one.payments, door: trusting });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await money[Symbol.asyncDispose]();
});

/** A door that lets everybody in as whom they say; who is let in where is the door's own suite. */
const trusting: Door = {
  account: async (request: FastifyRequest) => {
    request.caller = { kind: 'account', userId: String(request.headers['x-user']) };
  },
  place: async (request: FastifyRequest) => {
    const place = { room: 'main', epoch: 1, number: 1 };
    request.caller = { kind: 'place', userId: String(request.headers['x-user']), place };
  },
  turn: async () => {},
  operator: async () => {},
  refusalNow: async () => undefined,
};

interface Answer {
  readonly status: number;
  readonly replayed: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A payload that is text travels as it is. */
async function call(
  method: 'GET' | 'POST',
  path: string,
  user: string,
  payload?: object | string,
  key: string = randomUUID(),
): Promise<Answer> {
  const headers: Record<string, string> = { 'x-user': user };
  if (payload !== undefined) headers['content-type'] = 'application/json';
  if (method === 'POST' && key !== '') headers['idempotency-key'] = key;
  const body = typeof payload === 'object' ? JSON.stringify(payload) : payload;
  const response = await fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body }) });
  const replayed = response.headers.get('idempotent-replayed');
  return { status: response.status, replayed, body: (await response.json()) as Answer['body'] };
}

test('charge, hold, pay, and look at all of it', async () => {
  const made = reservation({
    seats: [
      { no: 17, version: 1 },
      { no: 18, version: 4 },
    ],
  });
  const { userId, reservationId } = made;
  expect((await call('GET', '/wallet', userId)).body).toEqual({ balance: 0 });
  const charged = await call('POST', '/wallet/charges', userId, { amount: 80_000 });
  expect(charged).toMatchObject({ status: 201, body: { amount: 80_000, balance: 80_000 } });
  await money.react('ReservationCreated', [made]);
  const paid = await call('POST', '/payments', userId, { reservationId }, 'once');
  const { paymentId, paidAt } = paid.body;
  expect(paid).toEqual({
    status: 201,
    replayed: null,
    body: { paymentId, reservationId, status: 'PAID', amount: 50_000, balance: 30_000, paidAt },
  });
  const again = await call('POST', '/payments', userId, { reservationId }, 'once');
  expect(again).toEqual({ ...paid, replayed: 'true' });

  const bill = {
    paymentId,
    reservationId,
    status: 'PAID',
    performanceId: 7,
    seats: [17, 18],
    amount: 50_000,
  };
  const found = await call('GET', `/payments/${String(paymentId)}`, userId);
  expect(found.body).toEqual({ ...bill, paidAt, refundedAt: null });
  expect((await call('GET', '/payments', userId)).body).toEqual({ payments: [found.body], next: null });
  expect((await call('GET', '/wallet/entries', userId)).body).toMatchObject({
    entries: [
      { kind: 'PAYMENT', amount: -50_000, balanceAfter: 30_000, reservationId, at: paidAt },
      { kind: 'CHARGE', amount: 80_000, balanceAfter: 80_000, reservationId: null },
    ],
    next: null,
  });
});

test('a key is of one person and one route, and names one body', async () => {
  const made = reservation();
  const [one, other] = [made.userId, randomUUID()];
  const charge = (user: string, amount: number) =>
    call('POST', '/wallet/charges', user, { amount }, 'my-first');
  expect(await charge(one, 60_000)).toMatchObject({ status: 201, replayed: null });
  expect(await charge(other, 20_000)).toMatchObject({ status: 201, replayed: null });
  expect(await charge(one, 90_000)).toMatchObject({ status: 422, body: { code: 'idempotency.key-reused' } });
  await money.react('ReservationCreated', [made]);
  const { reservationId, amountKrw } = made;
  const paid = await call('POST', '/payments', one, { reservationId }, 'my-first');
  expect(paid).toMatchObject({ status: 201, replayed: null });
  expect((await call('GET', '/wallet', one)).body).toEqual({ balance: 60_000 - amountKrw });
  expect((await call('GET', '/wallet', other)).body).toEqual({ balance: 20_000 });
});

test('what is refused says what, how much and what next', async () => {
  const { userId, reservationId, ...made } = reservation();
  await money.react('ReservationCreated', [{ ...made, userId, reservationId }]);
  const short = await call('POST', '/payments', userId, { reservationId });
  expect(short).toMatchObject({
    status: 402,
    body: { code: 'wallet.insufficient', balance: 0, amount: 50_000, shortfall: 50_000 },
  });
  const other = randomUUID();
  expect(await call('POST', '/payments', other, { reservationId })).toMatchObject({ status: 404 });
  expect(await call('GET', `/payments/${randomUUID()}`, other)).toMatchObject({ status: 404 });
});

test("what is due, void or somebody else's is no payment to look at", async () => {
  const [due, back, paid] = [reservation(), reservation(), reservation({ payNow: true })];
  await money.charge(paid.userId, paid.amountKrw);
  await money.react('ReservationCreated', [due, back, paid]);
  await money.react('ReservationCancelled', [cancelled(back)]);
  const rows = await money.ask<{ payment_id: string; user_id: string }>(
    'select payment_id, user_id from payments.payment where reservation_id = any($1::uuid[])',
    [due, back, paid].map((one) => one.reservationId),
  );
  for (const { payment_id, user_id } of rows) {
    const expected = user_id === paid.userId ? 200 : 404;
    expect((await call('GET', `/payments/${payment_id}`, user_id)).status).toBe(expected);
    expect((await call('GET', `/payments/${payment_id}`, randomUUID())).status).toBe(404);
  }
  expect((await call('GET', '/payments', due.userId)).body).toEqual({ payments: [], next: null });
});

test('history and entries go on page by page, each once', async () => {
  const userId = randomUUID();
  await money.charge(userId, 1_000);
  const bills = Array.from({ length: 5 }, () => reservation({ userId, payNow: true, amountKrw: 10 }));
  await money.react('ReservationCreated', bills);
  const walk = async (path: string, items: string) => {
    const pages: unknown[][] = [];
    let next: string | null = '';
    while (next !== null) {
      const from = next === '' ? '' : `&cursor=${next}`;
      const { body } = await call('GET', `${path}?limit=2${from}`, userId);
      pages.push(body[items] as unknown[]);
      next = body['next'] as string | null;
    }
    return pages.flat() as { reservationId: string }[];
  };
  const payments = await walk('/payments', 'payments');
  const ids = bills.map((bill) => bill.reservationId).toSorted();
  expect(payments.map((payment) => payment.reservationId).toSorted()).toEqual(ids);
  expect(await walk('/wallet/entries', 'entries')).toHaveLength(6);
});

test.each([
  '?limit=0',
  '?limit=101',
  '?limit=1e1',
  '?limit=-1',
  '?page=2',
  '?cursor=a+b',
  '?cursor=W10',
  '?cursor=x',
  `?cursor=${btoa('["2026-02-30",1]')}`,
  `?cursor=${btoa('[1e300,"x"]')}`,
  '?limit=1&limit=2',
])('a list does not take %s', async (query) => {
  for (const path of ['/payments', '/wallet/entries']) {
    const answer = await call('GET', `${path}${query}`, randomUUID());
    expect(answer, path).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
  }
});

test.each([
  '0',
  '-1',
  '0.1',
  '"100"',
  'null',
  '[]',
  '{}',
  'true',
  '10000001',
  '2147483648',
  '9007199254740993',
  '1e400',
])('a charge does not take %s', async (amount) => {
  const userId = randomUUID();
  const answer = await call('POST', '/wallet/charges', userId, `{"amount":${amount}}`);
  expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
  expect((await call('GET', '/wallet', userId)).body).toEqual({ balance: 0 });
});

test('what a client may not say is refused', async () => {
  const { userId, reservationId } = reservation();
  const invalid = { status: 400, body: { code: 'request.invalid' } };
  expect(await call('POST', '/payments', userId, { reservationId, amount: 1 })).toMatchObject(invalid);
  expect(
    await call('POST', '/payments', userId, { reservationId: reservationId.toUpperCase() }),
  ).toMatchObject(invalid);
  expect(await call('POST', '/payments', userId, {})).toMatchObject(invalid);
  expect(await call('POST', '/wallet/charges', userId, { amount: 1, balance: 9 })).toMatchObject(invalid);
  const missing = { status: 400, body: { code: 'idempotency.key-missing' } };
  expect(await call('POST', '/payments', userId, { reservationId }, '')).toMatchObject(missing);
  expect(await call('POST', '/wallet/charges', userId, { amount: 1 }, '')).toMatchObject(missing);
});
