/** What the operator's desk sees besides the catalogue and the line. */
import Type, { type Static } from 'typebox';
import { Instant, PerformanceId, Uuid } from '../ids.ts';
import { PriceKrw } from '../money.ts';
import { NextCursor, PagingQuery } from './paging.ts';

const Count = Type.Integer({ minimum: 0 });

export const SalesAnswer = Type.Object(
  {
    performanceId: PerformanceId,
    free: Count,
    held: Count,
    sold: Count,
    soldAmount: Type.Integer({ minimum: 0, description: 'won' }),
    byPrice: Type.Array(
      Type.Object(
        { priceKrw: PriceKrw, free: Count, held: Count, sold: Count },
        { additionalProperties: false },
      ),
      { description: 'the lowest price first' },
    ),
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

/** What can be done at the operator's desk, by the names in the operator's log. */
export const OPERATOR_ACTIONS = [
  'room.create',
  'room.change',
  'room.new-epoch',
  'venue.create',
  'concert.create',
  'concert.change',
  'performance.schedule',
  'parked-event.retry',
] as const;
export type OperatorAction = (typeof OPERATOR_ACTIONS)[number];

/** Who asks: the request, and the address that it came from. */
export interface OperatorCall {
  readonly requestId: string;
  readonly address: string;
}

/** One line of the operator's log, as a module hands it over in the transaction that does what it says. */
export interface ActionNote {
  readonly action: OperatorAction;
  /** The name or id of what it was done to. */
  readonly subject: string;
  /** Null: there was nothing before, or it is not worth keeping. */
  readonly before: object | null;
  readonly after: object | null;
  readonly call: OperatorCall;
}

export const OperatorLogQuery = Type.Object(
  {
    ...PagingQuery.properties,
    subject: Type.Optional(
      Type.String({ pattern: '^[0-9a-z-]+$', maxLength: 40, description: 'only what was done to this one' }),
    ),
  },
  { additionalProperties: false },
);

export const OperatorLogEntry = Type.Object(
  {
    entryId: Type.Integer({ minimum: 1 }),
    at: Instant,
    action: Type.Enum([...OPERATOR_ACTIONS]),
    subject: Type.String(),
    before: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
    after: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
    requestId: Uuid,
    address: Type.String(),
  },
  { additionalProperties: false },
);

export type OperatorLogEntry = Static<typeof OperatorLogEntry>;

/** The newest first. */
export const OperatorLogList = Type.Object(
  { entries: Type.Array(OperatorLogEntry), next: NextCursor },
  { additionalProperties: false },
);
