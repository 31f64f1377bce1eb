/** What fans ask of the service, request by request: what is sent, and what of the answer is kept. Pure. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { AskedOf, Standing, ToldEntry, ToldOf, ToldReservation, What } from '../history/operation.ts';
import type { Message } from './exchange.ts';

type Body = Readonly<Record<string, unknown>>;

export interface Call<W extends What = What> extends Message {
  readonly what: W;
  readonly asked: AskedOf<W>;
  /** What is kept of a 2xx. Throws, or gives something else, when a right service does not answer so. */
  readonly told: (body: Body, status: number, text: string) => ToldOf<W>;
  /** What a 304 repeats. */
  readonly known?: ToldOf<W> | undefined;
  /** The list in the body, when the answer comes in pages. */
  readonly pages?: string;
}

export interface FreeSeats {
  readonly version: string;
  readonly remaining: number;
  readonly digest: string;
}

const standingOf = ({ number, state, ahead }: Body): Standing => ({
  number: number as number,
  state: state as Standing['state'],
  ahead: ahead as number,
});

const reservationOf = ({ reservationId, status, seats, amount }: Body): ToldReservation => ({
  reservationId: reservationId as string,
  status: status as ToldReservation['status'],
  seats: seats as number[],
  amount: amount as number,
});

/** For what has no body. */
const nothing = (_body: Body, _status: number, text: string) => {
  assert(text === '', 'there is nothing to answer');
  return null;
};

/** What is not kept is there all the same: whoever asked goes on with it. */
function texts(body: Body, ...names: readonly string[]): Body {
  for (const name of names) assert(typeof body[name] === 'string', `${name} is a text`);
  return body;
}

function items(body: Body, name: string): Body {
  assert(Array.isArray(body[name]), `${name} is a list`);
  return body;
}

const nullOf = (_body: Body) => null;

export const calls = {
  guest: (): Call<'other'> => ({
    what: 'other',
    method: 'POST',
    path: '/guests',
    asked: { path: '/guests' },
    told: (body) => nullOf(texts(body, 'accessToken', 'userId')),
  }),
  concerts: (): Call<'other'> => ({
    what: 'other',
    method: 'GET',
    path: '/concerts',
    asked: { path: '/concerts' },
    told: (body) => nullOf(items(body, 'concerts')),
  }),
  /** With what is left of each. */
  datesOf: (concertId: number): Call<'other'> => ({
    what: 'other',
    method: 'GET',
    path: `/concerts/${concertId}/performances`,
    asked: { path: '/concerts/{id}/performances' },
    told: (body) => nullOf(items(body, 'performances')),
  }),
  dates: (performanceId: number): Call<'other'> => ({
    what: 'other',
    method: 'GET',
    path: `/performances/${performanceId}`,
    asked: { path: '/performances/{id}' },
    told: (body) => nullOf(texts(body, 'room')),
  }),
  join: (bearer: string, room: string): Call<'join'> => ({
    what: 'join',
    method: 'POST',
    path: '/queue/tokens',
    bearer,
    body: { room },
    asked: { room },
    told: (body, status) => ({ ...standingOf(texts(body, 'token')), fresh: status === 201 }),
  }),
  look: (bearer: string, room: string, etag?: string, known?: Standing): Call<'look'> => ({
    what: 'look',
    method: 'GET',
    path: '/queue/tokens/me',
    bearer,
    etag,
    known,
    asked: { room },
    told: standingOf,
  }),
  leave: (bearer: string, room: string): Call<'leave'> => ({
    what: 'leave',
    method: 'DELETE',
    path: '/queue/tokens/me',
    bearer,
    asked: { room },
    told: nothing,
  }),
  map: (bearer: string, performanceId: number, etag?: string, known?: FreeSeats): Call<'map'> => ({
    what: 'map',
    method: 'GET',
    path: `/performances/${performanceId}/seats`,
    bearer,
    etag,
    known,
    asked: { performanceId },
    told: ({ version, remaining, seats }, _status, text) => {
      assert(Array.isArray(seats) && seats.every(Number.isSafeInteger), 'seats are numbers');
      return {
        version: version as string,
        remaining: remaining as number,
        digest: hash('sha1', text, 'base64url'),
      };
    },
  }),
  hold: (bearer: string, key: string, wish: AskedOf<'hold'>): Call<'hold'> => ({
    what: 'hold',
    method: 'POST',
    path: '/reservations',
    bearer,
    key,
    body: wish,
    asked: wish,
    told: ({ reservationId, amount }) => ({
      reservationId: reservationId as string,
      amount: amount as number,
    }),
  }),
  giveBack: (bearer: string, reservationId: string): Call<'give-back'> => ({
    what: 'give-back',
    method: 'DELETE',
    path: `/reservations/${reservationId}`,
    bearer,
    asked: { reservationId },
    told: nothing,
  }),
  charge: (bearer: string, key: string, amount: number): Call<'charge'> => ({
    what: 'charge',
    method: 'POST',
    path: '/wallet/charges',
    bearer,
    key,
    body: { amount },
    asked: { amount },
    told: ({ transferId, balance }) => ({ transferId: transferId as string, balance: balance as number }),
  }),
  pay: (bearer: string, key: string, reservationId: string): Call<'pay'> => ({
    what: 'pay',
    method: 'POST',
    path: '/payments',
    bearer,
    key,
    body: { reservationId },
    asked: { reservationId },
    told: ({ paymentId, amount, balance }) => ({
      paymentId: paymentId as string,
      amount: amount as number,
      balance: balance as number,
    }),
  }),
  wallet: (bearer: string): Call<'wallet'> => ({
    what: 'wallet',
    method: 'GET',
    path: '/wallet',
    bearer,
    asked: null,
    told: ({ balance }) => ({ balance: balance as number }),
  }),
  entries: (bearer: string): Call<'entries'> => ({
    what: 'entries',
    method: 'GET',
    path: '/wallet/entries?limit=100',
    bearer,
    pages: 'entries',
    asked: null,
    // They come with the newest first.
    told: ({ entries }) => (entries as ToldEntry[]).map(entryOf).toReversed(),
  }),
  reservation: (bearer: string, reservationId: string): Call<'reservation'> => ({
    what: 'reservation',
    method: 'GET',
    path: `/reservations/${reservationId}`,
    bearer,
    asked: { reservationId },
    told: reservationOf,
  }),
  reservations: (bearer: string): Call<'reservations'> => ({
    what: 'reservations',
    method: 'GET',
    path: '/reservations?limit=100',
    bearer,
    pages: 'reservations',
    asked: null,
    told: ({ reservations }) => (reservations as Body[]).map(reservationOf),
  }),
  tickets: (bearer: string): Call<'tickets'> => ({
    what: 'tickets',
    method: 'GET',
    path: '/tickets?limit=100',
    bearer,
    pages: 'tickets',
    asked: null,
    told: ({ tickets }) =>
      (tickets as ToldOf<'tickets'>).map(({ reservationId, performanceId, seat }) => ({
        reservationId,
        performanceId,
        seat,
      })),
  }),
};

function entryOf({ transferId, kind, amount, balanceAfter, reservationId }: ToldEntry): ToldEntry {
  return { transferId, kind, amount, balanceAfter, reservationId };
}
