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
  ahead: Type.Integer({ minimum: 0, description: 'how many numbers come before yours' }),
  estimatedWaitMs: Type.Optional(
    Type.Integer({ minimum: 0, description: 'at the rate that the organiser has set; absent when unknown' }),
  ),
  pollAfterMs: Type.Integer({
    minimum: 1_000,
    maximum: 15_000,
    description: 'ask again no sooner than this',
  }),
  turnExpiresAt: Type.Optional(Instant),
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

export const RoomAnswer = Type.Object(
  {
    room: RoomName,
    state: State,
    head: Type.Integer({ minimum: 0, description: 'every number up to this one has been called' }),
    lastNumber: Type.Integer({ minimum: 0, description: 'the last number that was given' }),
    waiting: Count,
    active: Count,
    rateCount: RateCount,
    rateWindowMs: RateWindowMs,
    capacity: Capacity,
  },
  { additionalProperties: false },
);

export const RoomList = Type.Object({ rooms: Type.Array(RoomAnswer) }, { additionalProperties: false });

const terms = {
  rateCount: Type.Optional(RateCount),
  rateWindowMs: Type.Optional(RateWindowMs),
  capacity: Type.Optional(Capacity),
  state: Type.Optional(State),
};

/** What is left out is as the service's settings say. */
export const CreateRoomBody = Type.Object({ room: RoomName, ...terms }, { additionalProperties: false });

/** What is left out stays as it is. */
export const ChangeRoomBody = Type.Object(terms, { additionalProperties: false, minProperties: 1 });
export type RoomTerms = Static<typeof ChangeRoomBody>;
