/** Does what a call says over HTTP, and puts the answer into the words of the model. */
import { randomUUID } from 'node:crypto';
import { type Answer as HttpAnswer, type Client, insist } from '../support/client.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';
import type { Call, CallOf } from './calls.ts';
import { reservationName } from './model-seats.ts';
import type { Answer, PlaceName } from './state.ts';

/** Everything of one story in the service, and what its ids are called. */
export interface Stage {
  readonly client: (instance: number) => Client;
  readonly rooms: readonly [string, string];
  readonly performances: readonly number[];
  readonly accounts: readonly string[];
  /** By `placeKey`. */
  readonly tokens: Map<string, string>;
  /** By the name of the reservation. */
  readonly ids: Map<string, string>;
  /** Codes by `reservation/seat`. */
  readonly codes: Map<string, string>;
}

export function placeKey({ room, number }: PlaceName): string {
  return `${room}/${number}`;
}

type Body = Readonly<Record<string, unknown>>;

interface Wanted {
  readonly method: string;
  readonly path: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly key?: string;
}

export async function perform(stage: Stage, call: Call, instance: number): Promise<Answer> {
  const { method, path, token, body, key } = requestOf(stage, call);
  const options = { token, body, key: key ?? null };
  const answer = await insist(() => stage.client(instance).request<Body>(method, path, options));
  return answerOf(stage, call, answer);
}

function requestOf(stage: Stage, call: Call): Wanted {
  const token = 'place' in call ? stage.tokens.get(placeKey(call.place)) : undefined;
  const account = 'fan' in call ? stage.accounts[call.fan] : undefined;
  const show = 'show' in call ? (stage.performances[call.show] ?? 2_000_000_000) : 0;
  const id = 'reservation' in call ? (stage.ids.get(call.reservation) ?? randomUUID()) : '';
  switch (call.do) {
    case 'join':
      return {
        method: 'POST',
        path: '/queue/tokens',
        token: account,
        body: { room: stage.rooms[call.room] },
      };
    case 'leave':
      return { method: 'DELETE', path: '/queue/tokens/me', token };
    case 'stand':
      return { method: 'GET', path: '/queue/tokens/me', token };
    case 'map':
      return { method: 'GET', path: `/performances/${show}/seats`, token };
    case 'hold': {
      const body = { performanceId: show, seats: call.seats, ...(call.payNow && { payNow: true }) };
      return { method: 'POST', path: '/reservations', token, body, key: call.key };
    }
    case 'pay':
      return { method: 'POST', path: '/payments', token, body: { reservationId: id }, key: call.key };
    case 'giveBack':
      return { method: 'DELETE', path: `/reservations/${id}`, token: account };
    case 'findReservation':
      return { method: 'GET', path: `/reservations/${id}`, token: account };
    case 'charge': {
      const body = { amount: call.amountKrw };
      return { method: 'POST', path: '/wallet/charges', token: account, body, key: call.key };
    }
    case 'listReservations':
    case 'wallet':
    case 'entries':
    case 'payments':
    case 'tickets':
      return { method: 'GET', path: LISTS[call.do], token: account };
    default:
      return { token: OPERATOR_TOKEN, ...operatorRequestOf(stage, call, show) };
  }
}

const LISTS = {
  listReservations: '/reservations?limit=100',
  wallet: '/wallet',
  entries: '/wallet/entries?limit=100',
  payments: '/payments?limit=100',
  tickets: '/tickets?limit=100',
} as const;

type OperatorCall = CallOf<
  'changeRoom' | 'findRoom' | 'raiseEpoch' | 'openRoomAgain' | 'sales' | 'checkTicket'
>;

function operatorRequestOf(stage: Stage, call: OperatorCall, show: number): Wanted {
  const [room] = stage.rooms;
  switch (call.do) {
    case 'changeRoom':
      return { method: 'PATCH', path: `/admin/queue/rooms/${room}`, body: call.change };
    case 'findRoom':
      return { method: 'GET', path: `/admin/queue/rooms/${room}` };
    case 'raiseEpoch':
      return { method: 'POST', path: `/admin/queue/rooms/${room}/epoch` };
    case 'openRoomAgain':
      return { method: 'POST', path: '/admin/queue/rooms', body: { room, capacity: 99 } };
    case 'sales':
      return { method: 'GET', path: `/admin/performances/${show}/sales` };
    case 'checkTicket': {
      const code = stage.codes.get(`${call.reservation}/${call.seat}`) ?? 'no code';
      return { method: 'POST', path: '/admin/tickets/check', body: { code } };
    }
  }
}

/** Fields of a refusal that the model knows. */
const TOLD = [
  'seats',
  'limit',
  'has',
  'balance',
  'amount',
  'shortfall',
  'reservationStatus',
  'paymentStatus',
] as const;

function answerOf(stage: Stage, call: Call, { status, headers, body }: HttpAnswer<Body>): Answer {
  if (status >= 400) {
    const told = pick(
      body,
      TOLD.filter((field) => field in body),
    );
    const paid =
      body['code'] === 'payment.already-paid' && 'reservation' in call ? call.reservation : undefined;
    return { status, problem: body['code'], ...told, ...(paid && { paid }) };
  }
  if (call.do === 'join') {
    stage.tokens.set(placeKey({ room: call.room, number: Number(body['number']) }), String(body['token']));
  }
  if (call.do === 'hold') name(stage, reservationName(call.fan, call.key), body['reservationId']);
  if (call.do === 'tickets') {
    for (const ticket of listIn(body, 'tickets'))
      stage.codes.set(ticketName(stage, ticket), String(ticket['code']));
  }
  const replayed = headers.get('idempotent-replayed') === 'true';
  return { status, ...fieldsOf(stage, call, body, replayed) };
}

/** A name has one id for good, and an id one name. */
function name(stage: Stage, reservation: string, id: unknown): void {
  const before = stage.ids.get(reservation);
  if (before === undefined && nameOf(stage, id) === String(id)) stage.ids.set(reservation, String(id));
}

/** The id itself for one that no hold was answered with, or that was given for another name. */
function nameOf(stage: Stage, id: unknown): string {
  for (const [reservation, known] of stage.ids) if (known === id) return reservation;
  return String(id);
}

function listIn(body: Body, field: string): Body[] {
  return body[field] as Body[];
}

function fieldsOf(stage: Stage, call: Call, body: Body, replayed: boolean): Record<string, unknown> {
  switch (call.do) {
    case 'join':
    case 'stand':
      return pick(body, ['number', 'state', 'ahead']);
    case 'map':
      return pick(body, ['seats']);
    case 'hold':
      return {
        reservation: nameOf(stage, body['reservationId']),
        ...pick(body, ['seats', 'amount']),
        replayed,
      };
    case 'pay':
      return { paid: nameOf(stage, body['reservationId']), ...pick(body, ['amount', 'balance']), replayed };
    case 'charge':
      return { ...pick(body, ['amount', 'balance']), replayed };
    case 'wallet':
      return pick(body, ['balance']);
    case 'findReservation':
      return recordOf(stage, body);
    case 'listReservations':
      return { reservations: byName(listIn(body, 'reservations').map((each) => recordOf(stage, each))) };
    case 'payments':
      return { payments: byName(listIn(body, 'payments').map((each) => paymentOf(stage, each))) };
    case 'entries':
      return { entries: listIn(body, 'entries').map((entry) => entryOf(stage, entry)) };
    case 'tickets':
      return {
        tickets: listIn(body, 'tickets')
          .map((ticket) => ticketName(stage, ticket))
          .toSorted(),
      };
    case 'changeRoom':
    case 'findRoom':
    case 'raiseEpoch':
    case 'openRoomAgain':
      return pick(body, ['state', 'capacity', 'head', 'lastNumber', 'waiting', 'active', 'admitted']);
    case 'sales':
      return pick(body, ['free', 'held', 'sold', 'soldAmount']);
    case 'checkTicket':
      return { reservation: nameOf(stage, body['reservationId']), seat: body['seat'] };
    default:
      return {};
  }
}

function pick(body: Body, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, body[field]]));
}

function recordOf(stage: Stage, body: Body): Record<string, unknown> {
  const reservation = nameOf(stage, body['reservationId']);
  const show = stage.performances.indexOf(Number(body['performanceId']));
  return { reservation, is: body['status'], show, ...pick(body, ['seats', 'amount']) };
}

function paymentOf(stage: Stage, body: Body): Record<string, unknown> {
  const reservation = nameOf(stage, body['reservationId']);
  return { reservation, is: body['status'], ...pick(body, ['seats', 'amount']) };
}

function entryOf(stage: Stage, body: Body): Record<string, unknown> {
  const id = body['reservationId'];
  return {
    ...pick(body, ['kind', 'amount', 'balanceAfter']),
    reservation: id === null ? null : nameOf(stage, id),
  };
}

function ticketName(stage: Stage, ticket: Body): string {
  return `${nameOf(stage, ticket['reservationId'])}/${String(ticket['seat'])}`;
}

function byName(list: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const key = (each: Record<string, unknown>) => String(each['reservation']);
  return list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
