/** The waiting room: who is next, and whether a turn is open. */
import { DEFAULT_ROOM, type PlaceState, type RoomTerms } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import type { Refusal } from '#contract/problems.ts';
import { limits } from '../limits.ts';
import type { Reactions } from '../messaging/index.ts';
import { createBatcher } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { TokenSigner } from '../platform/signed-token.ts';
import { type Admission, createTurnChecks } from './check-turns.ts';
import type { ChangeOutcome, Joined, JoinOutcome, JoinRequest, RoomChange } from './line.ts';
import { openRoom, type OpenOutcome } from './open-room.ts';
import { type Holder, readPlace, signPlace } from './place-token.ts';
import type { Policy } from './policy.ts';
import { createPostgresLine } from './postgres-line.ts';
import { waitingRoomReactions } from './reactions.ts';
import type { RoomView } from './room.ts';
import { createRoomViews } from './room-view.ts';
import { runLine } from './run-line.ts';
import { calledStanding, type Standing, waitingStanding } from './standing.ts';

export type { Admission } from './check-turns.ts';
export type { Policy } from './policy.ts';
export type { RoomView } from './room.ts';
export type { Standing } from './standing.ts';

export interface InLine {
  readonly outcome: 'joined';
  /** False: was in line already, with this very place. */
  readonly fresh: boolean;
  readonly place: Place;
  readonly token: string;
  readonly standing: Standing;
}

export interface WaitingRoom {
  /** Idempotent per person and room, from however many devices. */
  join(userId: string, room?: string): Promise<InLine | Refusal>;
  /** Costs no query while waiting. */
  standing(place: Place): Promise<Standing>;
  /** As of a moment ago; undefined when there is none of that name. */
  room(name: string): Promise<RoomView | undefined>;
  rooms(): Promise<RoomView[]>;
  leave(place: Place): Promise<void>;
  /** For the door. Fails when the store does; the door then lets nobody pass. */
  requireActive(place: Place, userId: string): Promise<Admission>;
  /** Whose place the token is; undefined for anything that is not a queue token of ours. */
  verifyToken(token: string): Holder | undefined;
  /** An existing room stays as it is. What the terms leave out is as the settings say. */
  createRoom(room: string, terms?: RoomTerms): Promise<OpenOutcome>;
  changeRoom(room: string, change: RoomChange): Promise<ChangeOutcome>;
  readonly reactions: Reactions<'waiting-room'>;
  /** Ends turns and lets people in, until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
  /** Sees to it that the default room exists. */
  prepare(): Promise<void>;
}

export interface WaitingRoomDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
  readonly signer: TokenSigner;
  /** Of a new room. */
  readonly defaultPolicy: Policy;
  readonly activeTtlMs: number;
}

export function createWaitingRoom(deps: WaitingRoomDeps): WaitingRoom {
  const { clock, signer, observe } = deps;
  const line = createPostgresLine(deps);
  const views = createRoomViews({ read: () => line.rooms(), clock });
  const turns = createTurnChecks({ read: (places) => line.turns(places), clock, observe });
  const batching = {
    batchMax: limits.batch.requestsMax,
    waitingMax: limits.batch.waitingMax,
    clock,
    observe,
  };
  const joins = createBatcher<JoinRequest, JoinOutcome>({
    ...batching,
    name: 'join-line',
    run: (requests) => line.join(requests),
  });
  const leaves = createBatcher<Place, PlaceState | undefined>({
    ...batching,
    name: 'leave-line',
    run: (places) => line.leave(places),
  });

  return {
    join: async (userId, room = DEFAULT_ROOM) => {
      const outcome = await joins.submit({ room, userId });
      if (outcome.outcome === 'refused') return outcome;
      views.note(outcome.view);
      const { fresh, place } = outcome;
      const token = signPlace(signer, { userId, place }, clock.wallMs());
      return { outcome: 'joined', fresh, place, token, standing: standingOf(outcome) };
    },
    standing: async (place) => {
      const { number } = place;
      const ended = turns.ended(place);
      if (ended !== undefined) return calledStanding(ended, null, number);
      const view = await views.find(place.room, number);
      if (view?.epoch !== place.epoch) return calledStanding('EXPIRED', null, number);
      if (number > view.head) return waitingStanding(view, number);
      const turn = await turns.look(place);
      if (turn?.epoch !== place.epoch) return calledStanding('EXPIRED', null, number);
      if (turn.state === 'WAITING') return waitingStanding(view, number);
      return calledStanding(turn.state, turn.expiresAt, number);
    },
    room: (name) => views.find(name),
    rooms: () => line.rooms(),
    leave: async (place) => {
      await leaves.submit(place);
      // Looked at anew, it is remembered as over: without it the number would seem to wait until it is passed.
      turns.forget([place]);
      await turns.look(place);
    },
    requireActive: (place, userId) => turns.requireActive(place, userId),
    verifyToken: (token) => readPlace(signer, token),
    createRoom: async (room, terms = {}) => {
      const outcome = await openRoom(line, deps.defaultPolicy, room, terms);
      if (outcome.outcome !== 'refused') views.note(outcome.view);
      return outcome;
    },
    changeRoom: async (room, change) => {
      const outcome = await line.changeRoom(room, change);
      if (outcome.outcome === 'changed') views.note(outcome.view);
      return outcome;
    },
    reactions: waitingRoomReactions(line, turns, deps.defaultPolicy),
    run: (signal) => runLine(line, deps, signal),
    prepare: async () => {
      await line.createRoom(DEFAULT_ROOM, deps.defaultPolicy, 'OPEN');
    },
  };
}

function standingOf({ state, view, place, turnExpiresAt }: Joined): Standing {
  if (state === 'WAITING') return waitingStanding(view, place.number);
  return calledStanding(state, turnExpiresAt, place.number);
}
