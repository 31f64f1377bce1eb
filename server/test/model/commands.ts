/** What somebody wants to do, in the words of what they know, and how it becomes a call. */
import { type Call, type CallOf, type Deed, NOBODYS } from './calls.ts';
import { reservationName } from './model-seats.ts';
import type { PlaceName, RoomNo } from './state.ts';

/** Fresh; an earlier request of theirs again; or an earlier key with what is wanted now. */
export type Key = 'fresh' | 'again' | 'reused';

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
