import Type, { type Static } from 'typebox';
import { Instant, PerformanceId, SeatNo, Uuid } from '../ids.ts';
import { AmountKrw } from '../money.ts';
import { NextCursor } from './paging.ts';

export const RESERVATION_STATUSES = ['HELD', 'CONFIRMED', 'CANCELLED', 'EXPIRED'] as const;
export type ReservationStatus = (typeof RESERVATION_STATUSES)[number];

export const ReservationAnswer = Type.Object(
  {
    reservationId: Uuid,
    status: Type.Enum([...RESERVATION_STATUSES]),
    performanceId: PerformanceId,
    seats: Type.Array(SeatNo),
    amount: AmountKrw,
    createdAt: Instant,
    expiresAt: Type.Union([Instant, Type.Null()], {
      description: 'until when to pay; null once that is settled',
    }),
  },
  { additionalProperties: false },
);

export const ReservationList = Type.Object(
  { reservations: Type.Array(ReservationAnswer), next: NextCursor },
  { additionalProperties: false },
);

const TicketAnswer = Type.Object(
  {
    reservationId: Uuid,
    performanceId: PerformanceId,
    seat: SeatNo,
    code: Type.String({ description: 'signed; what is scanned at the door' }),
  },
  { additionalProperties: false },
);

export const TicketList = Type.Object(
  { tickets: Type.Array(TicketAnswer), next: NextCursor },
  { additionalProperties: false },
);

export const TicketCheckBody = Type.Object(
  { code: Type.String({ minLength: 1, maxLength: 2_048 }) },
  { additionalProperties: false },
);
export type TicketCheckBody = Static<typeof TicketCheckBody>;

export const TicketCheckAnswer = Type.Object(
  { reservationId: Uuid, performanceId: PerformanceId, seat: SeatNo, userId: Uuid },
  { additionalProperties: false },
);
