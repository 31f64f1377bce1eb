/** What a client can do, with everything in it that the request says. */
import type { RoomState } from '#contract/http/queue.ts';
import type { PlaceName, RoomNo } from './state.ts';

interface OnTurn {
  readonly fan: number;
  readonly place: PlaceName;
}

/** One call for each of these names. */
type Each<D extends string, Rest = unknown> = { [Name in D]: { readonly do: Name } & Rest }[D];

interface OfFan {
  readonly fan: number;
}
interface About extends OfFan {
  readonly reservation: string;
}

export type Call =
  | Each<'join', OfFan & { readonly room: RoomNo }>
  | Each<'leave' | 'stand', OnTurn>
  | Each<'map', OnTurn & { readonly show: number }>
  | Each<'hold', OnTurn & HoldTerms>
  | Each<'pay', OnTurn & { readonly reservation: string; readonly key: string }>
  | Each<'giveBack' | 'findReservation', About>
  | Each<'charge', OfFan & { readonly amountKrw: number; readonly key: string }>
  | Each<'listReservations' | 'wallet' | 'entries' | 'payments' | 'tickets', OfFan>
  | Each<'changeRoom', { readonly change: { readonly capacity?: number; readonly state?: RoomState } }>
  | Each<'findRoom' | 'raiseEpoch' | 'openRoomAgain'>
  | Each<'sales', { readonly show: number }>
  | Each<'checkTicket', { readonly reservation: string; readonly seat: number }>;

interface HoldTerms {
  readonly show: number;
  readonly seats: readonly number[];
  readonly payNow: boolean;
  readonly key: string;
}

export type Deed = Call['do'];
export type CallOf<D extends Deed> = Extract<Call, { readonly do: D }>;

/** The route of each, as the OpenAPI document names it. */
export const ROUTES: Readonly<Record<Deed, string>> = {
  join: 'POST /api/v1/queue/tokens',
  leave: 'DELETE /api/v1/queue/tokens/me',
  stand: 'GET /api/v1/queue/tokens/me',
  map: 'GET /api/v1/performances/{performanceId}/seats',
  hold: 'POST /api/v1/reservations',
  pay: 'POST /api/v1/payments',
  giveBack: 'DELETE /api/v1/reservations/{reservationId}',
  findReservation: 'GET /api/v1/reservations/{reservationId}',
  charge: 'POST /api/v1/wallet/charges',
  listReservations: 'GET /api/v1/reservations',
  wallet: 'GET /api/v1/wallet',
  entries: 'GET /api/v1/wallet/entries',
  payments: 'GET /api/v1/payments',
  tickets: 'GET /api/v1/tickets',
  changeRoom: 'PATCH /api/v1/admin/queue/rooms/{room}',
  findRoom: 'GET /api/v1/admin/queue/rooms/{room}',
  raiseEpoch: 'POST /api/v1/admin/queue/rooms/{room}/epoch',
  openRoomAgain: 'POST /api/v1/admin/queue/rooms',
  sales: 'GET /api/v1/admin/performances/{performanceId}/sales',
  checkTicket: 'POST /api/v1/admin/tickets/check',
};

/** Who can never be found. */
export const NOBODYS = 'nobody’s';

export const FANS = ['Ann', 'Bo', 'Cy'] as const;

/** As a story tells it. */
export function told(call: Call): string {
  const who = 'fan' in call ? (FANS[call.fan] ?? '') : 'the operator';
  const on = 'place' in call ? ` on ${placeText(call.place)}` : '';
  switch (call.do) {
    case 'join':
      return `${who} joins room ${call.room}`;
    case 'leave':
      return `${who} leaves${on}`;
    case 'stand':
      return `${who} asks where they stand${on}`;
    case 'map':
      return `${who} looks at the seats of ${call.show}${on}`;
    case 'hold': {
      const what = `seats ${call.seats.join()} of ${call.show}${call.payNow ? ', to pay now,' : ''}`;
      return `${who} holds ${what}${on} with key ${call.key}`;
    }
    case 'pay':
      return `${who} pays ${call.reservation}${on} with key ${call.key}`;
    case 'giveBack':
      return `${who} gives ${call.reservation} back`;
    case 'findReservation':
      return `${who} looks at ${call.reservation}`;
    case 'charge':
      return `${who} charges ${call.amountKrw} with key ${call.key}`;
    case 'changeRoom':
      return `${who} changes the room: ${JSON.stringify(call.change)}`;
    case 'sales':
      return `${who} looks at the sales of ${call.show}`;
    case 'checkTicket':
      return `${who} checks the ticket for seat ${call.seat} of ${call.reservation}`;
    default:
      return `${who}: ${call.do}`;
  }
}

export function placeText({ room, number }: PlaceName): string {
  return room === 0 ? `number ${number}` : `number ${number} of the other room`;
}
