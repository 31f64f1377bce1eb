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

const AUDIT_STATES = ['RUNNING', 'CLEAN', 'VIOLATED', 'FAILED'] as const;

const AuditHead = {
  auditId: Uuid,
  state: Type.Enum([...AUDIT_STATES], {
    description:
      'FAILED: it, or some of its checks, could not be carried out, or its instance ended meanwhile',
  }),
  startedAt: Instant,
  tookMs: Type.Union([Count, Type.Null()], { description: 'null while it runs' }),
  underWay: Type.Integer({
    minimum: 0,
    description:
      'reservations that some service had not come to yet: they were left out where services are compared',
  }),
};

const AuditCheck = Type.Object(
  {
    name: Type.String(),
    promise: Type.String({ description: 'which promise it belongs to, such as I1' }),
    says: Type.String({ description: 'what holds when nothing is found' }),
    counted: Count,
    violationCount: Count,
    violations: Type.Array(Type.String(), { description: 'the first 20, each names its rows' }),
    tookMs: Count,
    failure: Type.Optional(
      Type.String({ description: 'why it could not be carried out; it counted and found nothing then' }),
    ),
  },
  { additionalProperties: false },
);

/** What an audit found. */
export const AuditReport = Type.Object(
  { ...AuditHead, checks: Type.Array(AuditCheck) },
  { additionalProperties: false },
);
export type AuditReport = Static<typeof AuditReport>;

/** The newest first; each audit has its checks at an address of its own. */
export const AuditList = Type.Object(
  {
    audits: Type.Array(Type.Object({ ...AuditHead, violationCount: Count }, { additionalProperties: false })),
    next: NextCursor,
  },
  { additionalProperties: false },
);
export type AuditSummary = Static<typeof AuditList>['audits'][number];

export const AuditStarted = Type.Object({ auditId: Uuid }, { additionalProperties: false });

export const AuditParams = Type.Object({ auditId: Uuid }, { additionalProperties: false });
