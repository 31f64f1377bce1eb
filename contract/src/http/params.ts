/** Path parameters. They arrive as text; nothing is coerced, so numbers are matched and parsed here. */
import Type from 'typebox';
import { INT4_MAX, Uuid } from '../ids.ts';

const IdText = Type.String({
  pattern: '^[1-9][0-9]{0,9}$',
  maxLength: 10,
  description: 'a positive integer',
});

export const ConcertParams = Type.Object({ concertId: IdText }, { additionalProperties: false });
export const PerformanceParams = Type.Object({ performanceId: IdText }, { additionalProperties: false });
export const ReservationParams = Type.Object({ reservationId: Uuid }, { additionalProperties: false });

/** The id, or undefined for one that is larger than any id can be. */
export function idOf(text: string): number | undefined {
  const id = Number(text);
  return id <= INT4_MAX ? id : undefined;
}
