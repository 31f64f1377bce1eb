/** What stories are made of: what somebody wants, in the words of what they know, and how it becomes a call. */
import fc from 'fast-check';
import type { RoomState } from '#contract/http/queue.ts';
import { type Call, type CallOf, type Deed, NOBODYS } from './calls.ts';
import { reservationName } from './model-seats.ts';
import { PRICE_KRW, type PlaceName, type RoomNo } from './state.ts';

/** Fresh; an earlier request of theirs again; or an earlier key with what is wanted now. */
type Key = 'fresh' | 'again' | 'reused';

export interface Command {
  readonly do: Deed;
  readonly instance: 0 | 1;
  readonly fan: number;
  /** Whose reservation it is about, where it is about one: so many before their last one. */
  readonly owner: number;
  readonly back: number;
  /** About one that there is not. What is not found is looked for for a second, so there is little of it. */
  readonly nobodys: boolean;
  /** By which of their places, from the last one on. */
  readonly place: number;
  readonly room: RoomNo;
  readonly show: number;
  readonly seats: readonly number[];
  readonly payNow: boolean;
  readonly amountKrw: number;
  readonly key: Key;
  readonly change: CallOf<'changeRoom'>['change'];
}

export type Step =
  | { readonly kind: 'one'; readonly command: Command }
  /** In flight together. `twice`: the first is clicked twice, on both instances. */
  | { readonly kind: 'together'; readonly commands: readonly Command[]; readonly twice: boolean }
  /** The next one is sent before what follows from this one has followed. */
  | { readonly kind: 'hurry'; readonly command: Command }
  | { readonly kind: 'later'; readonly minutes: number }
  /** Until both instances tell everybody's place as it is. */
  | { readonly kind: 'notice' };

export interface Tale {
  readonly capacity: number;
  readonly steps: readonly Step[];
}

/** What the clients have been told by now. */
export interface Known {
  /** Of each fan, the last one first. */
  readonly places: PlaceName[][];
  readonly reservations: string[][];
  readonly sent: Call[];
  readonly tickets: { readonly reservation: string; readonly seat: number }[];
}

export function knowNothing(fans: number): Known {
  const none = <T>(): T[][] => Array.from({ length: fans }, () => []);
  return { places: none(), reservations: none(), sent: [], tickets: [] };
}

/** Undefined for what nobody in their place could send: who has no place has no token. */
export function toCall(command: Command, known: Known): Call | undefined {
  const { fan, room, owner, back, show } = command;
  const own = known.places[fan] ?? [];
  const place = own[Math.min(command.place, own.length - 1)];
  const of = known.reservations[owner] ?? [];
  const reservation = command.nobodys ? NOBODYS : of[Math.min(back, of.length - 1)];
  switch (command.do) {
    case 'join':
      return { do: 'join', fan, room };
    case 'leave':
    case 'stand':
      return place && { do: command.do, fan, place };
    case 'map':
      return place && { do: 'map', fan, place, show };
    case 'hold': {
      const { seats, payNow } = command;
      return place && keyed({ do: 'hold', fan, place, show, seats, payNow, key: '' }, command.key, known);
    }
    case 'pay':
      if (place === undefined || reservation === undefined) return undefined;
      return keyed({ do: 'pay', fan, place, reservation, key: '' }, command.key, known);
    case 'charge':
      return keyed({ do: 'charge', fan, amountKrw: command.amountKrw, key: '' }, command.key, known);
    case 'giveBack':
    case 'findReservation':
      return reservation === undefined ? undefined : { do: command.do, fan, reservation };
    case 'changeRoom':
      return { do: 'changeRoom', change: command.change };
    case 'sales':
      return { do: 'sales', show };
    case 'checkTicket': {
      const ticket = known.tickets[Math.min(back, known.tickets.length - 1)];
      return ticket && { do: 'checkTicket', ...ticket };
    }
    case 'findRoom':
    case 'raiseEpoch':
    case 'openRoomAgain':
      return { do: command.do };
    default:
      return { do: command.do, fan };
  }
}

type Keyed = CallOf<'hold'> | CallOf<'pay'> | CallOf<'charge'>;

function keyed(wanted: Keyed, key: Key, known: Known): Keyed {
  const isBefore = (call: Call): call is Keyed =>
    call.do === wanted.do && 'fan' in call && call.fan === wanted.fan;
  const before = known.sent.findLast(isBefore);
  if (before === undefined || key === 'fresh') return { ...wanted, key: `${known.sent.length + 1}` };
  if (key === 'reused') return { ...wanted, key: before.key };
  // With the token that they have now.
  return { ...before, ...('place' in wanted && { place: wanted.place }) };
}

/** Takes in what was answered. */
export function learn(known: Known, call: Call, answer: Readonly<Record<string, unknown>>): void {
  if (call.do === 'join' && typeof answer['number'] === 'number') {
    const own = known.places[call.fan] ?? [];
    const { number } = answer;
    if (!own.some((place) => place.room === call.room && place.number === number)) {
      own.unshift({ room: call.room, number });
    }
  }
  if (call.do === 'hold' && answer['status'] === 201 && answer['replayed'] === false) {
    known.reservations[call.fan]?.unshift(reservationName(call.fan, call.key));
  }
  if (call.do === 'tickets') {
    for (const name of answer['tickets'] as string[]) {
      const [reservation = '', seat] = name.split('/');
      const isKnown = known.tickets.some((ticket) => `${ticket.reservation}/${ticket.seat}` === name);
      if (!isKnown) known.tickets.unshift({ reservation, seat: Number(seat) });
    }
  }
}

/** Mostly what makes sense, and some of everything else. */
const DEEDS: readonly (readonly [weight: number, deed: Deed])[] = [
  [14, 'join'],
  [4, 'leave'],
  [6, 'stand'],
  [18, 'hold'],
  [14, 'pay'],
  [5, 'giveBack'],
  [10, 'charge'],
  [4, 'changeRoom'],
  [1, 'raiseEpoch'],
  [1, 'openRoomAgain'],
  [2, 'findRoom'],
  [2, 'findReservation'],
  [2, 'listReservations'],
  [2, 'wallet'],
  [2, 'entries'],
  [2, 'payments'],
  [3, 'tickets'],
  [2, 'checkTicket'],
  [3, 'map'],
  [2, 'sales'],
];

const FAN_COUNT = 3;

const weighted = <T>(...choices: readonly (readonly [weight: number, value: T])[]) =>
  fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

const fan = fc.nat(FAN_COUNT - 1);

const state = (value: RoomState) => ({ state: value });

const command: fc.Arbitrary<Command> = fc
  .record({
    do: weighted(...DEEDS.map(([weight, deed]) => [weight, deed] as const)),
    instance: fc.constantFrom<(0 | 1)[]>(0, 1),
    fan,
    stranger: weighted([60, 0], [1, 1]),
    nobodys: weighted([150, false], [1, true]),
    back: weighted([8, 0], [2, 1], [1, 2]),
    place: weighted([12, 0], [1, 1], [1, 2]),
    room: weighted<RoomNo>([12, 0], [1, 1]),
    show: weighted([30, 0], [1, 1], [1, 2]),
    seats: fc.uniqueArray(weighted([6, 1], [6, 2], [4, 3], [2, 4], [1, 5], [1, 6]), {
      minLength: 1,
      maxLength: 3,
    }),
    payNow: weighted([8, false], [1, true]),
    amountKrw: fc.constantFrom(PRICE_KRW, 2 * PRICE_KRW, 3 * PRICE_KRW, PRICE_KRW / 2),
    key: weighted<Key>([10, 'fresh'], [3, 'again'], [1, 'reused']),
    change: fc.constantFrom<CallOf<'changeRoom'>['change'][]>(
      { capacity: 1 },
      { capacity: 2 },
      { capacity: 3 },
      state('OPEN'),
      state('OPEN'),
      state('PAUSED'),
      state('CLOSED'),
    ),
  })
  .map(({ stranger, ...rest }) => ({
    ...rest,
    owner: (rest.fan + stranger) % FAN_COUNT,
    seats: rest.seats.toSorted((a, b) => a - b),
  }));

const later = fc.constantFrom(1, 3, 6).map((minutes): Step => ({ kind: 'later', minutes }));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 24, arbitrary: command.map((each): Step => ({ kind: 'one', command: each })) },
  {
    weight: 8,
    arbitrary: fc
      .record({ commands: fc.array(command, { minLength: 1, maxLength: 3 }), twice: fc.boolean() })
      .map((both): Step => ({ kind: 'together', ...both })),
  },
  { weight: 3, arbitrary: command.map((each): Step => ({ kind: 'hurry', command: each })) },
  { weight: 3, arbitrary: later },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'notice' }) },
);

/** What one person does in a row, some of it left out: by chance alone hardly anybody would come so far. */
const ROWS: readonly (readonly (Deed | 'later')[])[] = [
  ['join', 'charge', 'hold', 'pay', 'pay', 'giveBack'],
  ['join', 'charge', 'hold', 'hold', 'pay', 'pay'],
  ['join', 'charge', 'hold', 'later', 'pay', 'hold'],
  ['join', 'hold', 'giveBack', 'pay', 'leave', 'hold'],
  ['join', 'later', 'later', 'hold', 'later', 'charge', 'pay'],
];

const inARow: fc.Arbitrary<Step[]> = fc
  .record({
    fan,
    deeds: fc.constantFrom(...ROWS).chain((row) => fc.subarray([...row], { minLength: 1 })),
    commands: fc.array(command, { minLength: 7, maxLength: 7 }),
    hurries: fc.array(weighted([4, false], [1, true]), { minLength: 7, maxLength: 7 }),
    minutes: fc.array(later, { minLength: 7, maxLength: 7 }),
  })
  .map(({ fan: who, deeds, commands, hurries, minutes }) =>
    commands.flatMap((each, index): Step[] => {
      const deed = deeds[index];
      const wait = minutes[index];
      if (deed === undefined || wait === undefined) return [];
      if (deed === 'later') return [wait];
      const kind = hurries[index] === true ? 'hurry' : 'one';
      return [{ kind, command: { ...each, do: deed, fan: who, owner: who } }];
    }),
  );

const scenes = fc.array(
  fc.oneof({ weight: 3, arbitrary: step.map((one) => [one]) }, { weight: 1, arbitrary: inARow }),
  { minLength: 1, maxLength: 30, size: 'max' },
);

export const tales: fc.Arbitrary<Tale> = fc.record({
  capacity: fc.constantFrom(2, 1, 3),
  steps: scenes.map((each) => each.flat()),
});
