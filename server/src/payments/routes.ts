import { Uuid } from '#contract/ids.ts';
import { pageFrom, pageOf, PagingQuery } from '#contract/http/paging.ts';
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
  behind,
  type Door,
  IdempotencyHeaders,
  KEY_PROBLEMS,
  markReplay,
  onTurn,
  placeOf,
  positionOf,
  refusals,
  refuse,
  requestOf,
  userOf,
} from '../http/route.ts';
import { type Entry, LATEST_MS, type Payment, type Payments } from './index.ts';

interface RouteDeps {
  readonly payments: Payments;
  readonly door: Door;
}

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
    behind(door, 'place', {
      tags: ['payments'],
      summary: 'Pay for a reservation from the balance',
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
          'queue.not-admitted',
          'queue.turn-over',
          'queue.token-foreign',
          ...KEY_PROBLEMS,
        ),
      },
    }),
    async (request, reply) => {
      const payment = {
        ...requestOf(request, 'POST /payments'),
        userId: userOf(request),
        reservationId: request.body.reservationId,
        turn: placeOf(request),
      };
      const outcome = await onTurn(door, request, {
        to: 'pay',
        act: () => payments.pay(payment),
        recall: () => payments.recall(payment),
      });
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      markReplay(reply, outcome);
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
    behind(door, 'account', {
      tags: ['payments'],
      summary: 'Your payments, newest first',
      querystring: PagingQuery,
      response: { 200: PaymentList, ...refusals('request.invalid') },
    }),
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const position = positionOf(after, PaymentPosition);
      const before = position && { openedAtMs: position[0], paymentId: position[1] };
      const found = await payments.payments(userOf(request), { limit: limit + 1, before });
      const { items, next } = pageFrom(found, limit, positionAt);
      return reply.send({ payments: items.map(toAnswer), next });
    },
  );

  app.get(
    '/payments/:paymentId',
    behind(door, 'account', {
      tags: ['payments'],
      summary: 'One of your payments',
      params: PaymentParams,
      response: { 200: PaymentAnswer, ...refusals('payment.not-found') },
    }),
    async (request, reply) => {
      const found = await payments.payment(userOf(request), request.params.paymentId);
      return found ? reply.send(toAnswer(found)) : refuse(reply, refused('payment.not-found'));
    },
  );
}

function chargeRoute(app: App, { payments, door }: RouteDeps): void {
  app.post(
    '/wallet/charges',
    behind(door, 'account', {
      tags: ['wallet'],
      summary: 'Charge the wallet',
      headers: IdempotencyHeaders,
      body: ChargeBody,
      response: { 201: ChargeAnswer, ...refusals('wallet.limit-reached', ...KEY_PROBLEMS) },
    }),
    async (request, reply) => {
      const { requestId, fingerprint } = requestOf(request, 'POST /wallet/charges');
      const outcome = await payments.charge({
        transferId: requestId,
        userId: userOf(request),
        amountKrw: request.body.amount,
        fingerprint,
      });
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      markReplay(reply, outcome);
      const { transferId, amountKrw, balanceKrw } = outcome;
      return reply.code(201).send({ transferId, amount: amountKrw, balance: balanceKrw });
    },
  );
}

function walletRoutes(app: App, { payments, door }: RouteDeps): void {
  app.get(
    '/wallet',
    behind(door, 'account', {
      tags: ['wallet'],
      summary: 'Your balance',
      response: { 200: WalletAnswer },
    }),
    async (request, reply) => {
      const { balanceKrw } = await payments.wallet(userOf(request));
      return reply.send({ balance: balanceKrw });
    },
  );

  app.get(
    '/wallet/entries',
    behind(door, 'account', {
      tags: ['wallet'],
      summary: 'What moved your balance, newest first',
      querystring: PagingQuery,
      response: { 200: EntryList, ...refusals('request.invalid') },
    }),
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const beforeSeq = positionOf(after, EntryPosition)?.[0];
      const found = await payments.entries(userOf(request), { limit: limit + 1, beforeSeq });
      const { items, next } = pageFrom(found, limit, (entry) => [entry.seq]);
      return reply.send({ entries: items.map(toEntryAnswer), next });
    },
  );
}

function positionAt({ openedAt, paymentId }: Payment): [number, string] {
  return [Date.parse(openedAt), paymentId];
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
