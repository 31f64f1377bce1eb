/** What the operator's desk sees besides the catalogue and the line. */
import Type from 'typebox';
import { Instant, PerformanceId } from '../ids.ts';
import { NextCursor } from './paging.ts';

const Count = Type.Integer({ minimum: 0 });

export const SalesAnswer = Type.Object(
  {
    performanceId: PerformanceId,
    free: Count,
    held: Count,
    sold: Count,
    soldAmount: Type.Integer({ minimum: 0, description: 'won' }),
  },
  { additionalProperties: false },
);

const ParkedEvent = Type.Object(
  {
    parkedId: Type.Integer({ minimum: 1 }),
    reader: Type.String({ description: 'the service that fails on it' }),
    event: Type.String({ description: 'name of the event' }),
    reservationId: Type.Union([Type.String(), Type.Null()]),
    error: Type.String(),
    attempts: Type.Integer({ minimum: 1 }),
    parkedAt: Instant,
    retryAt: Instant,
  },
  { additionalProperties: false },
);

export const ParkedEventList = Type.Object(
  { parkedEvents: Type.Array(ParkedEvent), next: NextCursor },
  { additionalProperties: false },
);

export const ParkedEventParams = Type.Object(
  { parkedId: Type.String({ pattern: '^[1-9][0-9]{0,14}$', maxLength: 15 }) },
  { additionalProperties: false },
);
