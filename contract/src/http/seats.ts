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

/** Names the content of a map: the same on every instance. */
const SeatMapVersion = Type.String({
  pattern: '^[0-9a-z]{1,11}-[0-9a-f]{16}$',
  maxLength: 28,
  description: 'version of the map',
});

export const AvailableSeats = Type.Object(
  {
    performanceId: PerformanceId,
    version: SeatMapVersion,
    remaining: Type.Integer({ minimum: 0 }),
    seats: Type.Array(SeatNo, { description: 'numbers of the free seats, ascending' }),
  },
  { additionalProperties: false },
);

export const SeatMapHeaders = Type.Object({
  accept: Type.Optional(Type.String({ description: 'JSON for whatever we do not know' })),
  'if-none-match': Type.Optional(Type.String({ description: 'the `ETag` of the map that you have' })),
});

/** Not checked: what is no version of ours is answered with `reload`. */
export const SeatStreamHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ description: 'the version of the map that you have' })),
});

/** The data of an event `seats`. Those of `reload` have none. */
export const SeatChanges = Type.Object(
  {
    since: SeatMapVersion,
    version: SeatMapVersion,
    remaining: Type.Integer({ minimum: 0 }),
    changes: Type.Array(Type.Tuple([SeatNo, Type.Integer({ minimum: 0, maximum: 2 })]), {
      description: 'seat number and state: 0 free, 1 held, 2 sold',
    }),
  },
  { additionalProperties: false },
);
export type SeatChanges = Static<typeof SeatChanges>;
