/** The waiting room: who is next, and whether a turn is open. */
import { DEFAULT_ROOM, type PlaceState, type RoomTerms } from '#contract/http/queue.ts';
import type { ActionNote, OperatorCall } from '#contract/http/operator.ts';
import type { Place } from '#contract/ids.ts';
import type { Refusal } from '#contract/problems.ts';
import { limits } from '../limits.ts';
import type { Reactions } from '../messaging/index.ts';
import { createBatcher } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { EventSink } from '../platform/event-frame.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import type { TokenSigner } from '../platform/signed-token.ts';
import { type Act, type Admission, createTurnChecks } from './check-turns.ts';
import { createStandings } from './find-standing.ts';
import type {
  ChangeOutcome,
  Joined,
  JoinOutcome,
  JoinRequest,
  Line,
  RoomChanged,
  Turn,
  TurnTimes,
} from './line.ts';
import { openRoom, type OpenOutcome, refuseOpening } from './open-room.ts';
import { type Holder, readPlace, signPlace } from './place-token.ts';
import type { Policy } from './policy.ts';
import { createPostgresLine } from './postgres-line.ts';
import { waitingRoomReactions } from './reactions.ts';
import { epochNoteOf, noteOf } from './room-note.ts';
import type { RoomView } from './room.ts';
import { createRoomViews, type RoomViews } from './room-view.ts';
import { runLine } from './run-line.ts';
import type { Standing } from './standing.ts';
import { createPlaceWatch } from './watch-places.ts';

export { roomAnswer, standingAnswer, standingTag, versionInTag } from './answer.ts';
export type { Act, Admission } from './check-turns.ts';
export type { Holder } from './place-token.ts';
export type { Policy } from './policy.ts';
export type { RoomView } from './room.ts';
export { isOver, type Standing } from './standing.ts';

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
  /** Costs no query while waiting. No older than what its owner has seen: the version of an answer or a frame. */
  standing(holder: Holder, seenVersion?: string): Promise<Standing>;
  /** The same of somebody who waits, if nobody has to be asked for it: almost always. */
  standingAtHand(holder: Holder, seenVersion?: string): Standing | undefined;
  /** Tells the sink where its owner stands, and what moves, until the signal fires or the place is over. */
  watch(holder: Holder, standing: Standing, sink: EventSink, signal: AbortSignal): void;
  /** As of a moment ago; undefined when there is none of that name. One object for all who ask in that moment. */
  room(name: string): Promise<RoomView | undefined>;
  /** As of now: those of these names that there are, or all. */
  rooms(names?: readonly string[]): Promise<RoomView[]>;
  leave(holder: Holder): Promise<void>;
  /** For the door. Fails when the store does; the door then lets nobody pass. */
  requireActive(place: Place, userId: string, act: Act): Promise<Admission>;
  /** Whether it is known, without asking anybody, that the turn is open. */
  mayLookAtHand(holder: Holder): boolean;
  /** Whose place the token is; undefined for anything that is not a queue token of ours. */
  verifyToken(token: string): Holder | undefined;
  /** An existing room stays as it is. What the terms leave out is as the settings say. */
  createRoom(room: string, terms: RoomTerms, call: OperatorCall): Promise<OpenOutcome>;
  /** What is left out stays as it is. */
  changeRoom(room: string, terms: RoomTerms, call: OperatorCall): Promise<ChangeOutcome>;
  /** After commits were lost: tokens of numbers that are given again are refused, and who is in line stays there. */
  raiseEpoch(room: string, call: OperatorCall): Promise<ChangeOutcome>;
  readonly reactions: Reactions<'waiting-room'>;
  /** The data have begun another life: nothing that is remembered of rooms and turns holds. */
  forget(): void;
  /** Ends turns and lets people in, until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
  /** Sees to it that the default room exists. */
  prepare(): Promise<void>;
}

export interface WaitingRoomDeps extends TurnTimes {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
  readonly signer: TokenSigner;
  /** Of a new room. */
  readonly defaultPolicy: Policy;
  /** What was known of a room is not so any more: commits are lost, and whoever is told has everything forgotten. */
  readonly onLoss: () => void;
  /** Into the operator's log, in the transaction of what was done. */
  readonly record: (tx: Tx, note: ActionNote) => void;
}

export function createWaitingRoom(deps: WaitingRoomDeps): WaitingRoom {
  const { clock, signer, observe, logger, onLoss } = deps;
  const line = createPostgresLine(deps);
  const views = createRoomViews({ line, clock, onLoss });
  const turns = createTurnChecks({ line, clock, observe });
  const standings = createStandings({ views, turns, clock });
  const places = createPlaceWatch({ views, turns, clock, logger });
  const batching = { ...limits.batch, clock, observe };
  const joins = createBatcher<JoinRequest, JoinOutcome>({
    ...batching,
    name: 'join-line',
    run: (requests) => line.join(requests),
  });
  const leaves = createBatcher<Place, PlaceState | undefined>({
    ...batching,
    name: 'leave-line',
    run: (given) => line.leave(given),
  });

  return {
    join: async (userId, room = DEFAULT_ROOM) => {
      const remember = turns.asking();
      const outcome = await joins.submit({ room, userId });
      if (outcome.outcome === 'refused') return outcome;
      views.note(outcome.view);
      const { fresh, place } = outcome;
      if (fresh && outcome.state === 'ACTIVE') remember(place, begun(userId, outcome, deps));
      const token = signPlace(signer, { userId, place }, clock.wallMs());
      const standing = await standings.afterJoin(userId, outcome);
      return { outcome: 'joined', fresh, place, token, standing };
    },
    standing: (holder, seenVersion) => standings.of(holder, seenVersion),
    standingAtHand: (holder, seenVersion) => standings.atHand(holder, seenVersion),
    watch: (holder, standing, sink, signal) => places.watch(holder, standing, sink, signal),
    room: (name) => views.look(name),
    rooms: (names) => line.rooms(names),
    leave: async (holder) => {
      // A number may have gone to somebody else since, where an older record of the line was restored.
      if ((await turns.look(holder)) === undefined) return;
      await leaves.submit(holder.place);
      // Looked at anew, it is remembered as over: without it the number would seem to wait until it is passed.
      turns.forget([holder.place]);
      await turns.look(holder);
    },
    requireActive: (place, userId, act) => turns.requireActive(place, userId, act),
    mayLookAtHand: (holder) => turns.mayLookAtHand(holder),
    verifyToken: (token) => readPlace(signer, token),
    ...steering(line, views, deps),
    reactions: waitingRoomReactions(line, turns, deps.defaultPolicy),
    forget: () => {
      views.forget();
      turns.forgetAll();
    },
    run: (signal) => runLine(line, deps, signal),
    prepare: async () => {
      await line.createRoom(DEFAULT_ROOM, { policy: deps.defaultPolicy, state: 'OPEN', opensAt: null });
    },
  };
}

/** The turn of somebody who was let in by joining: taken up, and of its full length since then. */
function begun(userId: string, { place, turnExpiresAt }: Joined, { activeTtlMs }: TurnTimes): Turn {
  return {
    epoch: place.epoch,
    userId,
    state: 'ACTIVE',
    claimed: true,
    expiresAt: turnExpiresAt,
    expiresInMs: activeTtlMs,
    holdsForMs: activeTtlMs,
  };
}

/** The operator's hand on the rooms. */
function steering(
  line: Line,
  views: RoomViews,
  { defaultPolicy, record }: WaitingRoomDeps,
): Pick<WaitingRoom, 'createRoom' | 'changeRoom' | 'raiseEpoch'> {
  const recording =
    (call: OperatorCall): RoomChanged =>
    (tx, before, after, at) =>
      record(tx, noteOf({ before, after, at }, call));
  return {
    createRoom: async (room, terms, call) => {
      const refusal = refuseOpening(terms.opensAt);
      if (refusal !== undefined) return refusal;
      const outcome = await openRoom(line, defaultPolicy, room, terms, recording(call));
      if (outcome.outcome !== 'refused') views.note(outcome.view);
      return outcome;
    },
    changeRoom: async (room, { state, opensAt, ...policy }, call) => {
      const refusal = refuseOpening(opensAt);
      if (refusal !== undefined) return refusal;
      const change = {
        policy,
        ...(state !== undefined && { state }),
        ...(opensAt !== undefined && { opensAt }),
      };
      const outcome = await line.changeRoom(room, change, recording(call));
      if (outcome.outcome === 'changed') views.note(outcome.view);
      return outcome;
    },
    raiseEpoch: async (room, call) => {
      const outcome = await line.raiseEpoch(room, (tx, before, after) => {
        if (before !== undefined) record(tx, epochNoteOf(before, after, call));
      });
      if (outcome.outcome === 'changed') views.note(outcome.view);
      return outcome;
    },
  };
}
