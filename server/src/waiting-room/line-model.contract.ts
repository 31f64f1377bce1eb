/**
 * Goal: whatever people, time and the organiser do to a room, the line is what a simple model of it is, on every store.
 * Method: random commands, on either of two instances; after each of them every place, every counter and
 * everybody's position is compared, and whom the room let in is held against what rate and capacity allow and ask
 * for. Time moves in whole minutes, so that the few milliseconds that the commands really take decide nothing.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RoomState } from '#contract/http/queue.ts';
import { AGAIN } from '../platform/batcher.ts';
import { DRIFT_MAX_MS, LineModel } from '../../test/support/line-model.ts';
import type { Line } from './line.ts';
import type { LineHarness, RecordedPlace } from './line-bench.contract.ts';
import type { Policy } from './policy.ts';

const MINUTE_MS = 60_000;
const USERS = Array.from({ length: 14 }, () => randomUUID());
const RESERVATIONS = Array.from({ length: 4 }, () => randomUUID());

let startedAtMs = 0;

interface Real {
  readonly harness: LineHarness;
  readonly room: string;
  /** The position of everybody who waits, as they were told last. */
  readonly told: Map<number, number>;
}

/** Does it to the room, and gives what does it to the model, and compares what was answered. */
type Run = (model: LineModel, line: Line, real: Real) => Promise<() => void>;
type Command = fc.AsyncCommand<LineModel, Real>;

function command(name: string, instance: number, run: Run): Command {
  return {
    // A run that takes longer on a busy machine is cut off: its minutes would no longer be whole to the room.
    check: () => performance.now() - startedAtMs < DRIFT_MAX_MS,
    run: async (model, real) => {
      const { harness, room } = real;
      const follow = await run(model, harness.lines[instance === 0 ? 0 : 1], real);
      const recorded = await harness.places(room);
      const called = recorded.filter(({ admittedAtMs }) => admittedAtMs !== null);
      model.called = new Set(called.map(({ number }) => number));
      follow();
      await compare(model, real, recorded);
    },
    toString: () => `${name} on ${instance}`,
  };
}

const placeOf = ({ room }: Real, number: number) => ({ room, epoch: 1, number });

function join(users: readonly number[], instance: number): Command {
  return command(`join ${users.join()}`, instance, async (model, line, { room }) => {
    const outcomes = await line.join(users.map((user) => ({ room, userId: USERS[user] ?? '' })));
    const told = outcomes.map((outcome) =>
      outcome === AGAIN || outcome.outcome === 'refused'
        ? outcome !== AGAIN && outcome.problem
        : { fresh: outcome.fresh, number: outcome.place.number, state: outcome.state },
    );
    return () => expect(told).toEqual(model.join(users));
  });
}

function leave(numbers: readonly number[], instance: number): Command {
  return command(`leave ${numbers.join()}`, instance, async (model, line, real) => {
    await line.leave(numbers.map((number) => placeOf(real, number)));
    return () => model.leave(numbers);
  });
}

function claim(numbers: readonly number[], instance: number): Command {
  return command(`claim ${numbers.join()}`, instance, async (model, line, real) => {
    const turns = await line.claim(numbers.map((number) => placeOf(real, number)));
    return () => {
      model.claim(numbers);
      expect(turns.map((turn) => turn?.claimed)).toEqual(
        numbers.map((number) => model.places[number - 1]?.claimed),
      );
    };
  });
}

function spend(number: number, reservation: number, instance: number): Command {
  return command(`spend ${number} on ${reservation}`, instance, async (model, line, real) => {
    const reservationId = RESERVATIONS[reservation] ?? '';
    const userId = USERS[model.places[number - 1]?.user ?? 0] ?? '';
    const purchase = { reservationId, userId, turn: placeOf(real, number) };
    const outcomes = await real.harness.transaction((tx) => line.spend(tx, [purchase]));
    return () => expect(outcomes).toEqual([model.spend(number, reservationId)]);
  });
}

function extend(number: number, minutes: number, instance: number): Command {
  return command(`extend ${number} by ${minutes} min`, instance, async (model, line, real) => {
    const userId = USERS[model.places[number - 1]?.user ?? 0] ?? '';
    const expiresAt = new Date(Date.now() + minutes * MINUTE_MS).toISOString();
    const hold = { reservationId: randomUUID(), userId, turn: placeOf(real, number), expiresAt };
    await real.harness.transaction((tx) => line.extend(tx, [hold]));
    return () => model.extend(number, minutes * MINUTE_MS);
  });
}

function advance(minutes: number): Command {
  return command(`advance ${minutes} min`, 0, async (model, _, { harness }) => {
    await harness.advance(minutes * MINUTE_MS);
    return () => {
      model.nowMs += minutes * MINUTE_MS;
    };
  });
}

function tick(instance: number): Command {
  return command('tick', instance, async (model, line) => {
    await line.tick();
    return () => model.tick();
  });
}

function setPolicy(policy: Policy, instance: number): Command {
  return command(`policy ${JSON.stringify(policy)}`, instance, async (model, line, { room }) => {
    await line.changeRoom(room, { policy });
    return () => model.change({ policy });
  });
}

function setState(state: RoomState, instance: number): Command {
  return command(`state ${state}`, instance, async (model, line, { room }) => {
    await line.changeRoom(room, { state });
    return () => model.change({ state });
  });
}

function setOpening(minutes: number | null, instance: number): Command {
  return command(`opens in ${minutes} min`, instance, async (model, line, { room }) => {
    const opensAt = minutes === null ? null : new Date(Date.now() + minutes * MINUTE_MS).toISOString();
    await line.changeRoom(room, { opensAt });
    return () => model.change({ opensAtMs: minutes === null ? null : model.nowMs + minutes * MINUTE_MS });
  });
}

/** Positions as an instance computes them: from the head, and who left. */
async function positions(
  { harness, room }: Real,
  numbers: readonly number[],
  head: number,
): Promise<number[]> {
  const gone = await harness.lines[0].departures(room, { after: 0, upTo: 1_000, head: 0 });
  return numbers.map(
    (number) => number - head - 1 - gone.filter((each) => each > head && each < number).length,
  );
}

async function compare(model: LineModel, real: Real, recorded: readonly RecordedPlace[]): Promise<void> {
  const { harness, room, told } = real;
  const inMinutes = (ms: number | null) => (ms === null ? null : Math.ceil((ms * 2) / MINUTE_MS) / 2 + 0); // no -0
  const untilMinutes = (ms: number, admittedMs: number | null) =>
    admittedMs === null ? null : (ms - model.nowMs) / MINUTE_MS;
  expect(
    recorded.map(({ number, userId, state, claimed, departure, reservationId, expiresInMs, holdsForMs }) => ({
      number,
      userId,
      state,
      claimed,
      departure,
      reservationId,
      expiresIn: inMinutes(expiresInMs),
      holdsFor: inMinutes(holdsForMs),
    })),
  ).toEqual(
    model.places.map((place) => ({
      number: place.number,
      userId: USERS[place.user],
      state: place.state,
      claimed: place.claimed,
      departure: place.departure,
      reservationId: place.reservation,
      expiresIn: untilMinutes(place.expiresMs, place.admittedMs),
      holdsFor: untilMinutes(place.holdsUntilMs, place.admittedMs),
    })),
  );
  const view = (await harness.lines[1].rooms()).find((each) => each.room === room);
  expect(view).toMatchObject({
    state: model.state,
    policy: model.policy,
    head: model.head,
    lastNumber: model.places.length,
    waiting: model.count('WAITING'),
    active: model.count('ACTIVE'),
    admitted: model.admitted.length,
    departed: model.departed,
  });
  expect(model.broken).toEqual([]);

  const waiting = model.places.filter(({ state }) => state === 'WAITING').map(({ number }) => number);
  const ahead = await positions(real, waiting, view?.head ?? 0);
  expect(ahead).toEqual(waiting.map((number) => model.ahead(number)));
  for (const [index, number] of waiting.entries()) {
    expect(ahead[index]).toBeLessThanOrEqual(told.get(number) ?? Infinity);
    told.set(number, ahead[index] ?? 0);
  }
}

const policies: readonly Policy[] = [
  { rateCount: null, rateWindowMs: null, capacity: null },
  { rateCount: null, rateWindowMs: null, capacity: 2 },
  { rateCount: 1, rateWindowMs: 10 * MINUTE_MS, capacity: null },
  { rateCount: 5, rateWindowMs: 10 * MINUTE_MS, capacity: 4 },
  { rateCount: 20, rateWindowMs: 60 * MINUTE_MS, capacity: null },
];

const instance = fc.nat(1);
const number = fc.integer({ min: 1, max: 16 });
const numbers = fc.array(number, { minLength: 1, maxLength: 4 });
const users = fc.array(fc.nat(USERS.length - 1), { minLength: 1, maxLength: 6 });
const minutes = fc.constantFrom(1, 1, 2, 3, 11, 30);
const commands = fc.commands(
  [
    fc.tuple(users, instance).map((values) => join(...values)),
    fc.tuple(users, instance).map((values) => join(...values)),
    fc.tuple(numbers, instance).map((values) => leave(...values)),
    fc.tuple(numbers, instance).map((values) => claim(...values)),
    fc.tuple(number, fc.nat(3), instance).map((values) => spend(...values)),
    fc.tuple(number, fc.constantFrom(1, 5, 12), instance).map((values) => extend(...values)),
    minutes.map(advance),
    minutes.map(advance),
    instance.map(tick),
    instance.map(tick),
    fc.tuple(fc.constantFrom(...policies), instance).map((values) => setPolicy(...values)),
    fc
      .tuple(fc.constantFrom('OPEN', 'OPEN', 'PAUSED', 'CLOSED'), instance)
      .map((values) => setState(...values)),
    fc.tuple(fc.constantFrom(null, -1, 2), instance).map((values) => setOpening(...values)),
  ],
  { maxCommands: 60, size: 'max' },
);

export function describeLineModel(store: string, create: () => Promise<LineHarness>): void {
  describe(`the line on ${store}, at random`, () => {
    let harness: LineHarness;
    beforeAll(async () => {
      harness = await create();
    });
    afterAll(() => harness[Symbol.asyncDispose]());

    test('a room does what its model does, whatever happens to it', { timeout: 60_000 }, async () => {
      const [line] = harness.lines;
      let ran = 0;
      await fc.assert(
        fc.asyncProperty(commands, fc.constantFrom(...policies), async (list, policy) => {
          const room = `r-${randomUUID().slice(0, 8)}`;
          await line.createRoom(room, { policy, state: 'OPEN', opensAt: null });
          startedAtMs = performance.now();
          const real: Real = { harness, room, told: new Map() };
          await fc.asyncModelRun(() => ({ model: new LineModel(policy), real }), list);
          // Nobody is let in any more: the ticks of the runs that follow have little to do in it.
          await line.changeRoom(room, { state: 'CLOSED' });
          ran++;
        }),
        { numRuns: 60, plugins: [fc.interruptAfterTimeLimit(12_000)] },
      );
      expect(ran).toBeGreaterThan(5);
    });
  });
}
