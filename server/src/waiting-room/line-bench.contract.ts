/** What the contract of the line is tried with: two instances of a store, and a room of its own for each test. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { PlaceState } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import { AGAIN } from '../platform/batcher.ts';
import type { Tx } from '../platform/postgres/database.ts';
import type { EndedHold, Joined, Line, OpenHold, Purchase, RoomSetup, SpendOutcome } from './line.ts';
import type { Policy } from './policy.ts';
import type { RoomView } from './room.ts';

export interface LineHarness extends AsyncDisposable {
  /** Two instances on one store, with turns of `ACTIVE_TTL_MS` and a claim window of `CLAIM_WINDOW_MS`. */
  readonly lines: readonly [Line, Line];
  /** Whether the store was too busy for the moment: whoever asked then does so again, as batchers and readers do. */
  isBusy(error: unknown): boolean;
  /** As the log's reader runs a reaction. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** As if so much time had passed: every deadline is nearer, every admission longer ago, the buckets are fuller. */
  advance(ms: number): Promise<void>;
  /** Counts the places of a room one by one, from the record itself. */
  count(room: string): Promise<{ waiting: number; active: number }>;
  /** All that the record says of a room's places, in the order of the numbers. */
  places(room: string): Promise<RecordedPlace[]>;
}

export interface RecordedPlace {
  readonly number: number;
  readonly userId: string;
  readonly state: PlaceState;
  readonly claimed: boolean;
  readonly departure: number | null;
  readonly reservationId: string | null;
  /** Null, as the next two are, of a turn that never began. */
  readonly admittedAtMs: number | null;
  readonly expiresInMs: number | null;
  readonly holdsForMs: number | null;
}

export const ACTIVE_TTL_MS = 600_000;
export const CLAIM_WINDOW_MS = 120_000;

export const unlimited: Policy = { rateCount: null, rateWindowMs: null, capacity: null };
export const capacity = (most: number): Policy => ({ ...unlimited, capacity: most });
/** One in an hour: so slow that no time of a test fills the bucket. A tenth of it comes in at once. */
export const rate = (rateCount: number): Policy => ({
  ...unlimited,
  rateCount,
  rateWindowMs: 3_600_000 * rateCount,
});

export type Person = Joined & { readonly userId: string };

export interface Bench {
  readonly one: Line;
  readonly two: Line;
  readonly harness: LineHarness;
  /** Another one for each test. */
  readonly room: string;
  open(policy: Policy, setup?: Partial<RoomSetup>): Promise<boolean>;
  /** Strangers, unless they are named, in one set. */
  join(who: number | readonly string[], line?: Line): Promise<Person[]>;
  joinOne(userId?: string, line?: Line): Promise<Person>;
  spend(purchases: readonly Purchase[], line?: Line): Promise<SpendOutcome[]>;
  extend(...holds: readonly OpenHold[]): Promise<Place[]>;
  shorten(...holds: readonly EndedHold[]): Promise<Place[]>;
  view(line?: Line): Promise<RoomView | undefined>;
  stateOf(...places: readonly Place[]): Promise<(PlaceState | undefined)[]>;
  /** The room's counters say what a count says. */
  expectExactCounters(): Promise<void>;
}

export function purchaseOf({ place, userId }: Person): Purchase {
  return { reservationId: randomUUID(), userId, turn: place };
}

export function holdOf({ place, userId }: Person, endsInMs: number): OpenHold {
  return {
    reservationId: randomUUID(),
    userId,
    turn: place,
    expiresAt: new Date(Date.now() + endsInMs).toISOString(),
  };
}

export function useBench(create: () => Promise<LineHarness>): Bench {
  let harness: LineHarness;
  let one: Line;
  let two: Line;
  let room = '';
  beforeAll(async () => {
    harness = await create();
    [one, two] = [patient(harness, harness.lines[0]), patient(harness, harness.lines[1])];
  });
  afterAll(() => harness[Symbol.asyncDispose]());
  beforeEach(() => {
    room = `r-${randomUUID().slice(0, 8)}`;
  });

  const bench: Bench = {
    get one() {
      return one;
    },
    get two() {
      return two;
    },
    get harness() {
      return harness;
    },
    get room() {
      return room;
    },
    open: (policy, setup = {}) => one.createRoom(room, { policy, state: 'OPEN', opensAt: null, ...setup }),
    join: async (who, line = one) => {
      const userIds = typeof who === 'number' ? Array.from({ length: who }, () => randomUUID()) : who;
      const outcomes = await line.join(userIds.map((userId) => ({ room, userId })));
      return outcomes.map((outcome, index) => {
        if (outcome === AGAIN) throw new Error('one room alone is waited for');
        if (outcome.outcome === 'refused') throw new Error(outcome.problem);
        return { ...outcome, userId: userIds[index] ?? '' };
      });
    },
    joinOne: async (userId = randomUUID(), line = one) => {
      const [person] = await bench.join([userId], line);
      if (person === undefined) throw new Error('a join has an outcome');
      return person;
    },
    spend: (purchases, line = two) =>
      again(harness, () => harness.transaction((tx) => line.spend(tx, purchases))),
    extend: (...holds) => again(harness, () => harness.transaction((tx) => two.extend(tx, holds))),
    shorten: (...holds) => again(harness, () => harness.transaction((tx) => one.shorten(tx, holds))),
    view: async (line = two) => (await line.rooms()).find((view) => view.room === room),
    stateOf: async (...places) => (await two.turns(places)).map((turn) => turn?.state),
    expectExactCounters: async () => {
      const view = await bench.view();
      expect({ waiting: view?.waiting, active: view?.active }).toEqual(await harness.count(room));
    },
  };
  return bench;
}

/** Does it again for as long as the store is too busy. */
async function again<T>(harness: LineHarness, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!harness.isBusy(error)) throw error;
    }
  }
}

function patient(harness: LineHarness, line: Line): Line {
  return {
    ...line,
    join: (requests) => again(harness, () => line.join(requests)),
    leave: (places) => again(harness, () => line.leave(places)),
    claim: (places) => again(harness, () => line.claim(places)),
    tick: () => again(harness, () => line.tick()),
  };
}
