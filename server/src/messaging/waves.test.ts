import type { AnyEvent, EventName } from '#contract/events.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inWaves, type LoggedEvent } from './waves.ts';

/** Only what makes sets: the name, and the reservation and the turn if there are any. */
function logged(
  events: readonly {
    readonly name: EventName;
    readonly reservationId?: string;
    readonly turn?: { readonly room: string; readonly epoch: number; readonly number: number };
  }[],
): LoggedEvent[] {
  return events.map((event, index) => ({
    event: event as AnyEvent,
    epoch: 1,
    xid: '700',
    id: 1 + Math.floor(index / 3),
    position: index % 3,
  }));
}

function shape(items: readonly LoggedEvent[]): [EventName, (string | undefined)[]][] {
  return inWaves(items).map((set) => [
    set.name,
    set.items.map(({ event }) => ('reservationId' in event ? event.reservationId : undefined)),
  ]);
}

test('events of one name become one set, in their order', () => {
  const items = logged([
    { name: 'PaymentProcessed', reservationId: 'b' },
    { name: 'PaymentProcessed', reservationId: 'a' },
    { name: 'PaymentProcessed', reservationId: 'c' },
  ]);
  expect(shape(items)).toEqual([['PaymentProcessed', ['b', 'a', 'c']]]);
});

test('events of different names about different reservations are one set each', () => {
  const items = logged([
    { name: 'PaymentProcessed', reservationId: 'a' },
    { name: 'ReservationCancelled', reservationId: 'b' },
    { name: 'PaymentProcessed', reservationId: 'c' },
    { name: 'ReservationCancelled', reservationId: 'd' },
  ]);
  expect(shape(items)).toEqual([
    ['PaymentProcessed', ['a', 'c']],
    ['ReservationCancelled', ['b', 'd']],
  ]);
});

test('a later event of another name about the same reservation waits for the next wave', () => {
  const items = logged([
    { name: 'PaymentProcessed', reservationId: 'a' },
    { name: 'TokenExpirationFailed', reservationId: 'a' },
    { name: 'PaymentProcessed', reservationId: 'b' },
    { name: 'PaymentProcessed', reservationId: 'a' },
  ]);
  expect(shape(items)).toEqual([
    ['PaymentProcessed', ['a', 'b']],
    ['TokenExpirationFailed', ['a']],
    ['PaymentProcessed', ['a']],
  ]);
});

const turn = (number: number) => ({ room: 'main', epoch: 1, number });

test('of two purchases on one turn the one that was paid first is taken first', () => {
  const items = logged([
    { name: 'SeatReserved', reservationId: 'a', turn: turn(1) },
    { name: 'PaymentProcessed', reservationId: 'a', turn: turn(1) },
    { name: 'PaymentProcessed', reservationId: 'b', turn: turn(1) },
    { name: 'PaymentProcessed', reservationId: 'c', turn: turn(2) },
  ]);
  expect(shape(items)).toEqual([
    ['SeatReserved', ['a']],
    ['PaymentProcessed', ['c']],
    ['PaymentProcessed', ['a', 'b']],
  ]);
});

test('an event that is not what its schema says is put into a set like any other', () => {
  const events = [{ turn: null }, { turn: 'of nobody' }, { reservationId: {} }, { reservationId: null }];
  const items = events.map((event, position) => ({
    epoch: 1,
    xid: '700',
    id: 1,
    position,
    event: { name: 'PaymentProcessed', ...event } as unknown as AnyEvent,
  }));
  expect(inWaves(items)).toEqual([{ name: 'PaymentProcessed', items }]);
});

test('events about no reservation do not wait for each other', () => {
  const items = logged([
    { name: 'PerformanceScheduled' },
    { name: 'SeatReservationFailed' },
    { name: 'PerformanceScheduled' },
  ]);
  expect(shape(items)).toEqual([
    ['PerformanceScheduled', [undefined, undefined]],
    ['SeatReservationFailed', [undefined]],
  ]);
});

test('nothing makes no sets', () => {
  expect(inWaves([])).toEqual([]);
});

const anything = {
  name: fc.constantFrom<EventName>(
    'SeatReserved',
    'PaymentProcessed',
    'ReservationCancelled',
    'TokenExpirationFailed',
    'PerformanceScheduled',
  ),
  reservationId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
};
const anyEvent = fc.record(anything, { requiredKeys: ['name'] });
/** Whatever names a turn names a reservation too. */
const eventOnTurn = fc.record({ ...anything, turn: fc.integer({ min: 1, max: 4 }).map(turn) });

test('property: every event exactly once, one name per set, and each reservation and turn keeps its order', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyEvent, eventOnTurn), { maxLength: 60 }), (events) => {
      const items = logged(events);
      const sets = inWaves(items);
      const flat = sets.flatMap((set) => set.items);

      expect(flat).toHaveLength(items.length);
      expect(new Set(flat)).toEqual(new Set(items));
      for (const set of sets) {
        expect(set.items.length).toBeGreaterThan(0);
        expect(new Set(set.items.map((item) => item.event.name))).toEqual(new Set([set.name]));
      }
      for (const reservationId of ['a', 'b', 'c', 'd', 'e', undefined]) {
        const about = (item: LoggedEvent) =>
          ('reservationId' in item.event ? item.event.reservationId : undefined) === reservationId;
        // Without a reservation the order holds among events of one name.
        const orderOf = (list: readonly LoggedEvent[]) =>
          reservationId === undefined
            ? Map.groupBy(list.filter(about), (item) => item.event.name)
            : list.filter(about);
        expect(orderOf(flat)).toEqual(orderOf(items));
      }
      for (const number of [1, 2, 3, 4]) {
        const about = ({ event }: LoggedEvent) => 'turn' in event && event.turn.number === number;
        expect(flat.filter(about)).toEqual(items.filter(about));
      }
    }),
  );
});

test('property: no more sets than needed: a run of one reservation takes as many waves as it changes name', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
      const changes = Map.groupBy(
        events.filter((event) => event.reservationId !== undefined),
        (event) => event.reservationId,
      );
      const deepest = Math.max(
        1,
        ...[...changes.values()].map(
          (run) => 1 + run.filter((event, index) => index > 0 && event.name !== run[index - 1]?.name).length,
        ),
      );
      const names = new Set(events.map((event) => event.name)).size;
      expect(inWaves(logged(events)).length).toBeLessThanOrEqual(deepest * names);
    }),
  );
});
