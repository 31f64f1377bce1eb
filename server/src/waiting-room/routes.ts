import {
  ChangeRoomBody,
  CreateRoomBody,
  JoinAnswer,
  JoinBody,
  RoomAnswer,
  RoomList,
  RoomParams,
  StandingAnswer,
} from '#contract/http/queue.ts';
import { refused } from '#contract/problems.ts';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import {
  type App,
  behind,
  type Content,
  contentOf,
  type Door,
  type EventStreams,
  isKnown,
  notModified,
  operatorCallOf,
  placeOf,
  plainHeaders,
  refusals,
  refuse,
  sendNotModified,
  sendTagged,
  type Shortcut,
  userOf,
} from '../http/route.ts';
import {
  type Holder,
  isOver,
  roomAnswer,
  type RoomView,
  standingAnswer,
  standingTag,
  versionInTag,
  type WaitingRoom,
} from './index.ts';

const tags = ['queue'];

/** The line moves a few times a second; one second at the edge of a network takes all of a crowd's questions. */
const ROOM_MAY_BE_KEPT = 'public, max-age=1, s-maxage=1, stale-while-revalidate=5';

/** Any text: a version that nobody gave is as good as none. */
const SeenHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'The ETag of the last answer: the next one is never of before it.' }),
  ),
});
const StreamHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ description: 'Of the last event: the stream goes on from there, or from later.' }),
  ),
});

export interface QueueRoutesDeps {
  readonly waitingRoom: WaitingRoom;
  readonly door: Door;
  readonly streams: EventStreams;
}

export function queueRoutes(app: App, deps: QueueRoutesDeps): void {
  joinRoute(app, deps);
  standingRoute(app, deps);
  streamRoute(app, deps);
  leaveRoute(app, deps);
  roomRoute(app, deps);
}

function joinRoute(app: App, { waitingRoom, door }: QueueRoutesDeps): void {
  app.post(
    '/queue/tokens',
    behind(door, 'account', {
      tags,
      summary: 'Join the line, or see the place that you have',
      body: Type.Union([JoinBody, Type.Null()]),
      response: {
        201: JoinAnswer,
        200: JoinAnswer,
        ...refusals('queue.room-not-found', 'queue.room-closed', 'queue.room-not-open', 'queue.turn-ending'),
      },
    }),
    async (request, reply) => {
      const userId = userOf(request);
      const outcome = await waitingRoom.join(userId, request.body?.room);
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      const { fresh, token, place, standing } = outcome;
      const holder = { userId, place };
      return reply
        .code(fresh ? 201 : 200)
        .header('etag', `W/${standingTag(holder, standing)}`)
        .send({ token, ...standingAnswer(holder, standing) });
    },
  );
}

function standingRoute(app: App, { waitingRoom, door }: QueueRoutesDeps): void {
  app.get(
    '/queue/tokens/me',
    behind(door, 'place', {
      tags,
      summary: 'Where you stand',
      headers: SeenHeaders,
      response: {
        200: StandingAnswer,
        ...notModified,
        ...refusals('queue.token-required', 'queue.token-invalid'),
      },
    }),
    async (request, reply) => {
      const holder = holderOf(request);
      const standing = await waitingRoom.standing(holder, versionInTag(request.headers['if-none-match']));
      const tag = standingTag(holder, standing);
      void reply.header('etag', `W/${tag}`);
      if (isKnown(request.headers['if-none-match'], tag)) return sendNotModified(reply);
      return reply.send(standingAnswer(holder, standing));
    },
  );
}

/** The answer of the route above, for somebody who waits; almost all of what a crowd asks for. */
export function standingShortcut({ waitingRoom }: Pick<QueueRoutesDeps, 'waitingRoom'>): Shortcut {
  const route = '/api/v1/queue/tokens/me';
  return {
    route,
    matches: (url) => url === route,
    answer: ({ bearer, ifNoneMatch }) => {
      const holder = bearer === undefined ? undefined : waitingRoom.verifyToken(bearer);
      if (holder === undefined) return undefined;
      const standing = waitingRoom.standingAtHand(holder, versionInTag(ifNoneMatch));
      if (standing === undefined) return undefined;
      const tag = standingTag(holder, standing);
      const etag = `W/${tag}`;
      if (isKnown(ifNoneMatch, tag)) return { status: 304, headers: [...COMMON, 'etag', etag] };
      return {
        status: 200,
        headers: [...COMMON, 'etag', etag, 'content-type', 'application/json; charset=utf-8'],
        body: JSON.stringify(standingAnswer(holder, standing)),
      };
    },
  };
}

const COMMON = plainHeaders({});

function streamRoute(app: App, { waitingRoom, door, streams }: QueueRoutesDeps): void {
  app.get(
    '/queue/tokens/me/stream',
    behind(door, 'place', {
      tags,
      summary: 'Where you stand, as server-sent events',
      description:
        'First a `place` event, the whole standing; then a `room` event when the line has moved, once a second at ' +
        'most, and a `place` again where that does not tell everything. docs/waiting-room.md has the details.',
      headers: StreamHeaders,
      response: {
        200: {
          description: 'Events until the place is over',
          content: { 'text/event-stream': { schema: Type.String() } },
        },
        204: Type.Null({ description: 'The place is over: do not come again' }),
        ...refusals('queue.token-required', 'queue.token-invalid', 'stream.too-many', 'service.overloaded'),
      },
    }),
    async (request, reply) => {
      const holder = holderOf(request);
      const standing = await waitingRoom.standing(holder, request.headers['last-event-id']);
      if (isOver(standing.state)) return reply.code(204).send(null);
      const stream = streams.open(request, reply, holder.userId);
      if ('outcome' in stream) return refuse(reply, stream);
      waitingRoom.watch(holder, standing, stream, stream.signal);
      return reply;
    },
  );
}

function leaveRoute(app: App, { waitingRoom, door }: QueueRoutesDeps): void {
  app.delete(
    '/queue/tokens/me',
    behind(door, 'place', {
      tags,
      summary: 'Leave the line, or give your turn up',
      response: { 204: Type.Null(), ...refusals('queue.token-required', 'queue.token-invalid') },
    }),
    async (request, reply) => {
      await waitingRoom.leave(holderOf(request));
      return reply.code(204).send(null);
    },
  );
}

function roomRoute(app: App, { waitingRoom }: QueueRoutesDeps): void {
  /** Written once for all who ask in the same moment. */
  const contents = new WeakMap<RoomView, Content>();

  app.get(
    '/queue/rooms/:room',
    {
      schema: {
        tags,
        summary: 'How a line moves: the same for everybody',
        params: RoomParams,
        response: { 200: RoomAnswer, ...notModified, ...refusals('queue.room-not-found') },
      },
    },
    async (request, reply) => {
      const view = await waitingRoom.room(request.params.room);
      if (view === undefined) return refuse(reply, refused('queue.room-not-found'));
      const content = contents.get(view) ?? contentOf(reply, roomAnswer(view));
      contents.set(view, content);
      return sendTagged(reply, content, ROOM_MAY_BE_KEPT);
    },
  );
}

function holderOf(request: FastifyRequest): Holder {
  return { userId: userOf(request), place: placeOf(request) };
}

type AdminDeps = Omit<QueueRoutesDeps, 'streams'>;

export function queueAdminRoutes(app: App, deps: AdminDeps): void {
  roomListRoutes(app, deps);
  createRoomRoute(app, deps);
  changeRoomRoute(app, deps);
  newEpochRoute(app, deps);
}

function roomListRoutes(app: App, { waitingRoom, door }: AdminDeps): void {
  app.get(
    '/admin/queue/rooms',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'All waiting rooms',
      response: { 200: RoomList },
    }),
    async (_request, reply) => {
      const rooms = await waitingRoom.rooms();
      return reply.send({ rooms: rooms.map(roomAnswer) });
    },
  );

  app.get(
    '/admin/queue/rooms/:room',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'One waiting room, as of now',
      params: RoomParams,
      response: { 200: RoomAnswer, ...refusals('queue.room-not-found') },
    }),
    async (request, reply) => {
      const [view] = await waitingRoom.rooms([request.params.room]);
      return view === undefined
        ? refuse(reply, refused('queue.room-not-found'))
        : reply.send(roomAnswer(view));
    },
  );
}

function createRoomRoute(app: App, { waitingRoom, door }: AdminDeps): void {
  app.post(
    '/admin/queue/rooms',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Open a waiting room; one of that name stays as it is',
      body: CreateRoomBody,
      response: { 201: RoomAnswer, 200: RoomAnswer, ...refusals('request.invalid') },
    }),
    async (request, reply) => {
      const { room, ...terms } = request.body;
      const outcome = await waitingRoom.createRoom(room, terms, operatorCallOf(request));
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      return reply.code(outcome.outcome === 'created' ? 201 : 200).send(roomAnswer(outcome.view));
    },
  );
}

function changeRoomRoute(app: App, { waitingRoom, door }: AdminDeps): void {
  app.patch(
    '/admin/queue/rooms/:room',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Change how and when a waiting room lets people in; takes effect at once',
      params: RoomParams,
      body: ChangeRoomBody,
      response: { 200: RoomAnswer, ...refusals('request.invalid', 'queue.room-not-found') },
    }),
    async (request, reply) => {
      const call = operatorCallOf(request);
      const outcome = await waitingRoom.changeRoom(request.params.room, request.body, call);
      return outcome.outcome === 'refused' ? refuse(reply, outcome) : reply.send(roomAnswer(outcome.view));
    },
  );
}

function newEpochRoute(app: App, { waitingRoom, door }: AdminDeps): void {
  app.post(
    '/admin/queue/rooms/:room/epoch',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Tell what is given in a line from now on apart from what was given before and lost',
      description:
        'After an older copy of the data was restored, or commits were lost in a failover. Who is in line stays there, ' +
        'with the token and the position; tokens of numbers that are lost are refused, and their owners join again.',
      params: RoomParams,
      response: { 200: RoomAnswer, ...refusals('queue.room-not-found') },
    }),
    async (request, reply) => {
      const outcome = await waitingRoom.raiseEpoch(request.params.room, operatorCallOf(request));
      return outcome.outcome === 'refused' ? refuse(reply, outcome) : reply.send(roomAnswer(outcome.view));
    },
  );
}
