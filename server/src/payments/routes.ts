import { Uuid } from '#contract/ids.ts';
import { cursorOf, pageOf, PagingQuery } from '#contract/http/paging.ts';
import {
  ChargeAnswer,
  ChargeBody,
  type EntryAnswer,
  EntryList,
  PayAnswer,
  PayBody,
  PaymentAnswer,
  PaymentList,
  PaymentParams,
  WalletAnswer,
} from '#contract/http/payments.ts';
import { refused } from '#contract/problems.ts';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import {
  type App,
  type Door,
  idempotencyKeyOf,
  IdempotencyHeaders,
  Refused,
  refusals,
  refuse,
  userOf,
} from '../http/route.ts';
import { derivedUuid, fingerprint } from '../platform/identifiers.ts';
import { type Entry, LATEST_MS, type Payment, type Payments } from './index.ts';

interface RouteDeps {
  readonly payments: Payments;
  readonly door: Door;
}

const account = [{ account: [] }];
const keyProblems = ['idempotency.key-missing', 'idempotency.key-invalid', 'idempotency.key-reused'] as const;

/** The positions that the cursors of the two lists stand for. */
const PaymentPosition = Compile(Type.Tuple([Type.Integer({ minimum: 0, maximum: LATEST_MS }), Uuid]));
const EntryPosition = Compile(Type.Tuple([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })]));

export function paymentRoutes(app: App, deps: RouteDeps): void {
  payRoute(app, deps);
  historyRoutes(app, deps);
  chargeRoute(app, deps);
  walletRoutes(app, deps);
}

function payRoute(app: App, { payments, door }: RouteDeps): void {
  app.post(
    '/payments',
    {
      onRequest: door.turn,
      schema: {
        tags: ['payments'],
        summary: 'Pay for a reservation from the balance',
        security: [{ queueToken: [] }],
        headers: IdempotencyHeaders,
        body: PayBody,
        response: {
          201: PayAnswer,
          ...refusals(
            'reservation.not-found',
            'payment.already-paid',
            'payment.lapsed',
            'payment.closed',
            'wallet.insufficient',
            ...keyProblems,
          ),
        },
      },
    },
    async (request, reply) => {
      const userId = userOf(request);
      const outcome = await payments.pay({
        requestId: derivedUuid(userId, 'POST /payments', idempotencyKeyOf(request)),
        userId,
        reservationId: request.body.reservationId,
        fingerprint: fingerprint(request.body),
      });
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      if (outcome.replayed) void reply.header('idempotent-replayed', 'true');
      const { paymentId, reservationId, amountKrw, balanceKrw, paidAt } = outcome;
      return reply.code(201).send({
        paymentId,
        reservationId,
        status: 'PAID',
        amount: amountKrw,
        balance: balanceKrw,
        paidAt,
      });
    },
  );
}

function historyRoutes(app: App, { payments, door }: RouteDeps): void {
  app.get(
    '/payments',
    {
      onRequest: door.account,
      schema: {
        tags: ['payments'],
        summary: 'Your payments, newest first',
        security: account,
        querystring: PagingQuery,
        response: { 200: PaymentList, ...refusals('request.invalid') },
      },
    },
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const position = positionOf(PaymentPosition, after);
      const before = position && { openedAtMs: position[0], paymentId: position[1] };
      const found = await payments.payments(userOf(request), { limit, before });
      const last = found.length < limit ? undefined : found.at(-1);
      const next = last ? cursorOf([Date.parse(last.openedAt), last.paymentId]) : null;
      return reply.send({ payments: found.map(toAnswer), next });
    },
  );

  app.get(
    '/payments/:paymentId',
    {
      onRequest: door.account,
      schema: {
        tags: ['payments'],
        summary: 'One of your payments',
        security: account,
        params: PaymentParams,
        response: { 200: PaymentAnswer, ...refusals('payment.not-found') },
      },
    },
    async (request, reply) => {
      const found = await payments.payment(userOf(request), request.params.paymentId);
      return found ? reply.send(toAnswer(found)) : refuse(reply, refused('payment.not-found'));
    },
  );
}

function chargeRoute(app: App, { payments, door }: RouteDeps): void {
  app.post(
    '/wallet/charges',
    {
      onRequest: door.account,
      schema: {
        tags: ['wallet'],
        summary: 'Charge the wallet',
        security: account,
        headers: IdempotencyHeaders,
        body: ChargeBody,
        response: { 201: ChargeAnswer, ...refusals('wallet.limit-reached', ...keyProblems) },
      },
    },
    async (request, reply) => {
      const userId = userOf(request);
      const outcome = await payments.charge({
        transferId: derivedUuid(userId, 'POST /wallet/charges', idempotencyKeyOf(request)),
        userId,
        amountKrw: request.body.amount,
        fingerprint: fingerprint(request.body),
      });
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      if (outcome.replayed) void reply.header('idempotent-replayed', 'true');
      const { transferId, amountKrw, balanceKrw } = outcome;
      return reply.code(201).send({ transferId, amount: amountKrw, balance: balanceKrw });
    },
  );
}

function walletRoutes(app: App, { payments, door }: RouteDeps): void {
  app.get(
    '/wallet',
    {
      onRequest: door.account,
      schema: {
        tags: ['wallet'],
        summary: 'Your balance',
        security: account,
        response: { 200: WalletAnswer },
      },
    },
    async (request, reply) => {
      const { balanceKrw } = await payments.wallet(userOf(request));
      return reply.send({ balance: balanceKrw });
    },
  );

  app.get(
    '/wallet/entries',
    {
      onRequest: door.account,
      schema: {
        tags: ['wallet'],
        summary: 'What moved your balance, newest first',
        security: account,
        querystring: PagingQuery,
        response: { 200: EntryList, ...refusals('request.invalid') },
      },
    },
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const beforeSeq = positionOf(EntryPosition, after)?.[0];
      const found = await payments.entries(userOf(request), { limit, beforeSeq });
      const last = found.length < limit ? undefined : found.at(-1);
      return reply.send({
        entries: found.map(toEntryAnswer),
        next: last ? cursorOf([last.seq]) : null,
      });
    },
  );
}

function toAnswer(payment: Payment): PaymentAnswer {
  const { paymentId, reservationId, status, performanceId, seats, amountKrw, paidAt, refundedAt } = payment;
  return {
    paymentId,
    reservationId,
    status,
    performanceId,
    seats: seats.map((seat) => seat.no),
    amount: amountKrw,
    paidAt,
    refundedAt,
  };
}

function toEntryAnswer(entry: Entry): EntryAnswer {
  const { transferId, kind, amountKrw, balanceAfterKrw, reservationId, at } = entry;
  return { transferId, kind, amount: amountKrw, balanceAfter: balanceAfterKrw, reservationId, at };
}

/** The position in a cursor, or undefined for the first page; one that somebody made up is refused. */
function positionOf<T>(position: { Check(value: unknown): value is T }, after: unknown): T | undefined {
  if (after === undefined) return undefined;
  if (!position.Check(after)) {
    const message = 'is not a cursor of this list';
    throw new Refused('request.invalid', { errors: [{ in: 'query', path: '/cursor', message }] });
  }
  return after;
}
