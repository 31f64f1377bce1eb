/**
 * Every event that goes through the log. An event is a fact of the past; its name says which.
 *
 * Each event that leads to a release, a sale or a refund carries the reservation and its seats with the
 * versions that the hold gave them: a late event can never touch a seat that is somebody else's by now.
 */
import Type, { type Static, type TObject, type TProperties } from 'typebox';
import { ConcertId, Instant, PerformanceId, Place, RoomName, SeatNo, Uuid } from './ids.ts';
import { AmountKrw, PriceKrw } from './money.ts';

const SeatAtVersion = Type.Object(
  { no: SeatNo, version: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);
export type SeatAtVersion = Static<typeof SeatAtVersion>;
const Seats = Type.Array(SeatAtVersion, { minItems: 1 });

/** Which seats of which reservation: what a release or a sale needs to know. */
const claim = { reservationId: Uuid, performanceId: PerformanceId, seats: Seats };
/** A claim, whose it is, what it costs, and the turn that it was made on. */
const purchase = { ...claim, userId: Uuid, amountKrw: AmountKrw, turn: Place };

export const events = {
  PerformanceScheduled: event('A performance went on sale; its seats are to be laid out.', {
    performanceId: PerformanceId,
    concertId: ConcertId,
    room: RoomName,
    seatsPerPerson: Type.Integer({ minimum: 1 }),
    saleOpensAt: Instant,
    saleClosesAt: Instant,
    sections: Type.Array(
      Type.Object(
        { firstSeatNo: SeatNo, seatCount: SeatNo, priceKrw: PriceKrw },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
  }),
  ConcertChanged: event('What the catalogue says of a concert is different from now on.', {
    concertId: ConcertId,
  }),
  SeatReserved: event('Seats are held for a buyer until `expiresAt`.', {
    ...purchase,
    expiresAt: Instant,
    payNow: Type.Boolean(),
  }),
  SeatReservationFailed: event('A hold was refused.', {
    userId: Uuid,
    performanceId: PerformanceId,
    seatNos: Type.Array(SeatNo),
    problem: Type.String(),
  }),
  SeatReleased: event('Seats are free again; the versions are the new ones.', claim),
  SeatSold: event('Seats belong to the buyer; the versions are the new ones.', claim),
  ReservationCreated: event('The buyer has a reservation and may pay until `expiresAt`.', {
    ...purchase,
    expiresAt: Instant,
    payNow: Type.Boolean(),
  }),
  ReservationCreationFailed: event('No reservation could be made of a hold.', claim),
  ReservationCancelled: event('The buyer gave the seats back before paying.', { ...claim, userId: Uuid }),
  PaymentProcessed: event('The money was taken.', { ...purchase, paymentId: Uuid }),
  PaymentProcessingFailed: event('There will be no payment.', {
    ...claim,
    userId: Uuid,
    reason: Type.Union([Type.Literal('lapsed'), Type.Literal('refused'), Type.Literal('failed')]),
  }),
  PaymentRefunded: event('The money went back to the wallet.', {
    reservationId: Uuid,
    paymentId: Uuid,
    userId: Uuid,
    amountKrw: AmountKrw,
  }),
  TokenExpired: event('The turn was spent on this purchase.', {
    reservationId: Uuid,
    userId: Uuid,
    turn: Place,
  }),
  TokenExpirationFailed: event('The turn could not be spent: it was spent before, or never active.', {
    ...purchase,
    reason: Type.Union([Type.Literal('spent'), Type.Literal('not-active')]),
  }),
} as const;

function event<P extends TProperties>(description: string, properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, description });
}

export type EventName = keyof typeof events;

/** An event as it stands in the log: its payload and its name. */
export type EventOf<N extends EventName> = { [K in N]: { readonly name: K } & Static<(typeof events)[K]> }[N];
export type AnyEvent = EventOf<EventName>;

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}
