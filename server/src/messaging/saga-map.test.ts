import { type EventName, events, isEventName } from '#contract/events.ts';
import { expect, test } from 'vitest';
import { emitsOf, eventsFor, READERS, type ReaderName, sagaMap, type Service } from './saga-map.ts';

/** The map without its exact types, as a graph is walked. */
interface Entry {
  readonly emittedBy: Service;
  readonly reactions: Readonly<Partial<Record<ReaderName, { does: string; emits: readonly EventName[] }>>>;
  readonly final?: string;
}
const entries = (Object.entries(sagaMap) as [EventName, Entry][]).map(([name, entry]) => ({
  name,
  ...entry,
}));
const arrows = entries.flatMap(({ name, reactions }) =>
  Object.entries(reactions).flatMap(([reader, { emits }]) => emits.map((to) => ({ from: name, reader, to }))),
);

/** What a person or the passing of time starts; everything else follows from an event. */
const BEGINNINGS: ReadonlySet<EventName> = new Set([
  'PerformanceScheduled', // the organiser schedules
  'ConcertChanged', // … or changes
  'SeatReserved', // a fan holds
  'SeatReservationFailed',
  'ReservationCancelled', // a fan gives back
  'PaymentProcessed', // a fan pays
  'PaymentProcessingFailed', // the time to pay is over
]);

test('the map has every event of the contract and no other', () => {
  expect(entries.map((entry) => entry.name).toSorted()).toEqual(Object.keys(events).toSorted());
  expect(entries.length).toBeGreaterThanOrEqual(13);
});

test.each(entries)('$name has reactions, or says why it has none', ({ reactions, final }) => {
  const hasReactions = Object.keys(reactions).length > 0;
  expect(hasReactions).toBe(final === undefined);
  if (final !== undefined) expect(final).toMatch(/\w+ \w+/);
});

test.each(arrows)('$to, which $reader emits on $from, exists and belongs to $reader', ({ reader, to }) => {
  expect(isEventName(to)).toBe(true);
  expect(sagaMap[to].emittedBy).toBe(reader);
});

test.each(entries)('$name comes from somewhere: a person, the time, or a reaction', ({ name }) => {
  const isEmitted = arrows.some((arrow) => arrow.to === name);
  expect(isEmitted || BEGINNINGS.has(name)).toBe(true);
});

test('whoever emits reacts or is where things begin', () => {
  const emitters = new Set(entries.map((entry) => entry.emittedBy));
  for (const service of emitters) expect([...READERS, 'catalogue']).toContain(service);
});

/** Every way from an event to its end, as the events on it. */
function waysFrom(name: EventName, before: readonly EventName[] = []): EventName[][] {
  if (before.includes(name)) throw new Error(`an endless way: ${[...before, name].join(' → ')}`);
  const next = arrows.filter((arrow) => arrow.from === name);
  const way = [...before, name];
  return next.length === 0 ? [way] : next.flatMap((arrow) => waysFrom(arrow.to, way));
}

test.each(entries)('everything that follows $name comes to an end', ({ name }) => {
  const ways = waysFrom(name);
  expect(ways.length).toBeGreaterThan(0);
  for (const way of ways) {
    const last = sagaMap[way.at(-1) ?? name] as Entry;
    // An end is an event that says why it is one, or whose reactions have nothing more to say.
    const isEnd =
      last.final !== undefined || Object.values(last.reactions).every(({ emits }) => emits.length === 0);
    expect(isEnd).toBe(true);
  }
});

test('each failure on the way of a purchase gives the seats back, and the money if it was taken', () => {
  const seatsAreReleased = (name: EventName) => emitsOf('seats', name).includes('SeatReleased');
  for (const failure of [
    'ReservationCreationFailed',
    'PaymentProcessingFailed',
    'TokenExpirationFailed',
  ] as const) {
    expect(seatsAreReleased(failure)).toBe(true);
  }
  expect(seatsAreReleased('ReservationCancelled')).toBe(true);
  expect(emitsOf('payments', 'TokenExpirationFailed')).toContain('PaymentRefunded');
  expect(emitsOf('payments', 'ReservationCancelled')).toContain('PaymentRefunded');
});

test.each(READERS)('%s is given exactly the events that name it', (reader) => {
  const named = entries.filter((entry) => entry.reactions[reader] !== undefined).map((entry) => entry.name);
  expect(eventsFor(reader)).toEqual(named);
  expect(named.length).toBeGreaterThan(0);
});

test('a reader emits nothing on an event that does not concern it', () => {
  expect(emitsOf('waiting-room', 'ReservationCancelled')).toEqual([]);
});
