import Type, { type Static } from 'typebox';
import { Instant, PerformanceId, SeatNo, Uuid } from '../ids.ts';
import { AmountKrw } from '../money.ts';

/** Most seats in one request; a performance may allow a person fewer. */
export const SEATS_PER_HOLD_MAX = 10;

export const HoldBody = Type.Object(
  {
    performanceId: PerformanceId,
    seats: Type.Array(SeatNo, {
      minItems: 1,
      maxItems: SEATS_PER_HOLD_MAX,
      uniqueItems: true,
      description: 'seat numbers; all of them are held or none',
    }),
    payNow: Type.Optional(
      Type.Boolean({
        description: 'take the money as soon as the reservation exists; too low a balance then ends it',
      }),
    ),
  },
  { additionalProperties: false },
);
export type HoldBody = Static<typeof HoldBody>;

export const HoldAnswer = Type.Object(
  {
    reservationId: Uuid,
    status: Type.Literal('HELD'),
    performanceId: PerformanceId,
    seats: Type.Array(SeatNo),
    amount: AmountKrw,
    expiresAt: Instant,
  },
  { additionalProperties: false },
);

export const AvailableSeats = Type.Object(
  {
    performanceId: PerformanceId,
    remaining: Type.Integer({ minimum: 0 }),
    seats: Type.Array(SeatNo, { description: 'numbers of the free seats, ascending' }),
  },
  { additionalProperties: false },
);
