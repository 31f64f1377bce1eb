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
import type { Place } from '#contract/ids.ts';
import { refused } from '#contract/problems.ts';
import Type, { type Static } from 'typebox';
import { type App, behind, type Door, placeOf, refusals, refuse, userOf } from '../http/route.ts';
import type { RoomView, Standing, WaitingRoom } from './index.ts';

const tags = ['queue'];

export interface QueueRoutesDeps {
  readonly waitingRoom: WaitingRoom;
  readonly door: Door;
}

export function queueRoutes(app: App, deps: QueueRoutesDeps): void {
  joinRoute(app, deps);
  placeRoutes(app, deps);
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
        ...refusals('queue.room-not-found', 'queue.room-closed'),
      },
    }),
    async (request, reply) => {
      const userId = userOf(request);
      const outcome = await waitingRoom.join(userId, request.body?.room);
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      const { fresh, token, place, standing } = outcome;
      return reply.code(fresh ? 201 : 200).send({ token, ...toStanding(userId, place, standing) });
    },
  );
}

function placeRoutes(app: App, { waitingRoom, door }: QueueRoutesDeps): void {
  app.get(
    '/queue/tokens/me',
    behind(door, 'place', {
      tags,
      summary: 'Where you stand',
      response: { 200: StandingAnswer, ...refusals('queue.token-required', 'queue.token-invalid') },
    }),
    async (request, reply) => {
      const place = placeOf(request);
      const standing = await waitingRoom.standing(place);
      return reply.send(toStanding(userOf(request), place, standing));
    },
  );

  app.delete(
    '/queue/tokens/me',
    behind(door, 'place', {
      tags,
      summary: 'Leave the line, or give your turn up',
      response: { 204: Type.Null(), ...refusals('queue.token-required', 'queue.token-invalid') },
    }),
    async (request, reply) => {
      await waitingRoom.leave(placeOf(request));
      return reply.code(204).send(null);
    },
  );
}

function roomRoute(app: App, { waitingRoom }: QueueRoutesDeps): void {
  app.get(
    '/queue/rooms/:room',
    {
      schema: {
        tags,
        summary: 'How a line moves: the same for everybody',
        params: RoomParams,
        response: { 200: RoomAnswer, ...refusals('queue.room-not-found') },
      },
    },
    async (request, reply) => {
      const view = await waitingRoom.room(request.params.room);
      if (view === undefined) return refuse(reply, refused('queue.room-not-found'));
      return reply.header('cache-control', 'public, max-age=1').send(toRoom(view));
    },
  );
}

export function queueAdminRoutes(app: App, deps: QueueRoutesDeps): void {
  const { waitingRoom, door } = deps;

  app.get(
    '/admin/queue/rooms',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'All waiting rooms',
      response: { 200: RoomList },
    }),
    async (_request, reply) => {
      const rooms = await waitingRoom.rooms();
      return reply.send({ rooms: rooms.map(toRoom) });
    },
  );

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
      const outcome = await waitingRoom.createRoom(room, terms);
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      return reply.code(outcome.outcome === 'created' ? 201 : 200).send(toRoom(outcome.view));
    },
  );

  app.patch(
    '/admin/queue/rooms/:room',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Change how a waiting room lets people in; takes effect at once',
      params: RoomParams,
      body: ChangeRoomBody,
      response: { 200: RoomAnswer, ...refusals('request.invalid', 'queue.room-not-found') },
    }),
    async (request, reply) => {
      const { state, ...policy } = request.body;
      const change = { policy, ...(state !== undefined && { state }) };
      const outcome = await waitingRoom.changeRoom(request.params.room, change);
      return outcome.outcome === 'refused' ? refuse(reply, outcome) : reply.send(toRoom(outcome.view));
    },
  );
}

function toStanding(userId: string, place: Place, standing: Standing): Static<typeof StandingAnswer> {
  const { state, ahead, estimatedWaitMs, pollAfterMs, turnExpiresAt } = standing;
  return {
    userId,
    room: place.room,
    number: place.number,
    state,
    ahead,
    ...(estimatedWaitMs !== null && { estimatedWaitMs }),
    pollAfterMs,
    ...(turnExpiresAt !== null && { turnExpiresAt }),
  };
}

function toRoom(view: RoomView): Static<typeof RoomAnswer> {
  const { room, state, head, lastNumber, waiting, active, policy } = view;
  const { rateCount, rateWindowMs, capacity } = policy;
  return { room, state, head, lastNumber, waiting, active, rateCount, rateWindowMs, capacity };
}
