import Type, { type Static } from 'typebox';
import { Instant, RoomName, Uuid } from '../ids.ts';

/** The room of those who do not name one. */
export const DEFAULT_ROOM = 'main';

export const ROOM_STATES = ['OPEN', 'PAUSED', 'CLOSED'] as const;
export type RoomState = (typeof ROOM_STATES)[number];

export const PLACE_STATES = ['WAITING', 'ACTIVE', 'SPENT', 'EXPIRED', 'LEFT'] as const;
export type PlaceState = (typeof PLACE_STATES)[number];

const Count = Type.Integer({ minimum: 0 });

export const JoinBody = Type.Object({ room: Type.Optional(RoomName) }, { additionalProperties: false });

const standing = {
  userId: Uuid,
  room: RoomName,
  number: Type.Integer({ minimum: 1, description: 'your number in the line; it never changes' }),
  state: Type.Enum([...PLACE_STATES], {
    description: 'WAITING in line, ACTIVE: it is your turn; SPENT on a purchase, EXPIRED or LEFT: it is over',
  }),
  ahead: Type.Integer({
    minimum: 0,
    description: 'how many people wait before you; it never rises, and those who leave are counted out',
  }),
  estimatedWaitMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'at the pace at which people were let in lately; absent when nothing can be said',
    }),
  ),
  waitAtLeastMs: Type.Optional(
    Type.Integer({ minimum: 0, description: 'in nine of ten cases, and never more than the estimate' }),
  ),
  waitAtMostMs: Type.Optional(
    Type.Integer({ minimum: 0, description: 'in nine of ten cases; absent when nobody can know' }),
  ),
  pollAfterMs: Type.Integer({
    minimum: 1_000,
    maximum: 15_000,
    description: 'ask again no sooner than this',
  }),
  turnExpiresAt: Type.Optional(Instant),
  roomOpensAt: Type.Optional(
    Type.String({
      ...Instant,
      description: 'the room has yet to open, or to open again; nobody is let in before',
    }),
  ),
  roomState: Type.Enum([...ROOM_STATES], { description: 'as in the room: nobody is let in unless OPEN' }),
};

export const StandingAnswer = Type.Object(standing, { additionalProperties: false });

export const JoinAnswer = Type.Object(
  {
    token: Type.String({ description: 'the queue token: send it as `Authorization: Bearer`' }),
    ...standing,
  },
  { additionalProperties: false },
);

export const RoomParams = Type.Object({ room: RoomName }, { additionalProperties: false });

const RateCount = Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Null()], {
  description: 'people let in per `rateWindowMs`; null: no rate',
});
const RateWindowMs = Type.Union([Type.Integer({ minimum: 100, maximum: 3_600_000 }), Type.Null()], {
  description: 'null exactly when `rateCount` is',
});
const Capacity = Type.Union([Type.Integer({ minimum: 1, maximum: 10_000_000 }), Type.Null()], {
  description: 'people whose turn it is at the same time; null: no bound',
});
const State = Type.Enum([...ROOM_STATES], {
  description: 'OPEN; PAUSED: people may join, nobody is let in; CLOSED: nobody may join either',
});

const OpensAt = Type.Union([Instant, Type.Null()], {
  description: 'nobody joins or is let in before it; null: open since it was made',
});

export const RoomAnswer = Type.Object(
  {
    room: RoomName,
    state: State,
    opensAt: OpensAt,
    head: Type.Integer({ minimum: 0, description: 'every number up to this one has been called' }),
    lastNumber: Type.Integer({ minimum: 0, description: 'the last number that was given' }),
    waiting: Count,
    active: Count,
    admitted: Type.Integer({ minimum: 0, description: 'people let in so far' }),
    admittedPerMinute: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
      description: 'as measured lately, while people waited; null when there is nothing to go by',
    }),
    rateCount: RateCount,
    rateWindowMs: RateWindowMs,
    capacity: Capacity,
  },
  { additionalProperties: false },
);

/** `place` of the stream: the whole standing, of one person. */
export type PlaceEvent = Static<typeof StandingAnswer> & {
  /** People let in so far: the difference to a later one is by how much `ahead` has fallen since. */
  readonly admitted: number;
};

/** `room` of the stream: the same for everybody who waits. */
export type RoomEvent = Pick<
  Static<typeof RoomAnswer>,
  'head' | 'admitted' | 'waiting' | 'state' | 'admittedPerMinute'
>;

export const RoomList = Type.Object({ rooms: Type.Array(RoomAnswer) }, { additionalProperties: false });

const terms = {
  rateCount: Type.Optional(RateCount),
  rateWindowMs: Type.Optional(RateWindowMs),
  capacity: Type.Optional(Capacity),
  state: Type.Optional(State),
  opensAt: Type.Optional(OpensAt),
};

/** What is left out is as the service's settings say. */
export const CreateRoomBody = Type.Object({ room: RoomName, ...terms }, { additionalProperties: false });

/** What is left out stays as it is. */
export const ChangeRoomBody = Type.Object(terms, { additionalProperties: false, minProperties: 1 });
export type RoomTerms = Static<typeof ChangeRoomBody>;
