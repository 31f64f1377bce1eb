/** Stories that are always told, so that no run is without what chance seldom brings together. */
import type { Deed } from './calls.ts';
import type { Command, Step, Tale } from './commands.ts';
import { PRICE_KRW } from './state.ts';

export type Terms = Partial<Omit<Command, 'do' | 'fan'>>;

/** With what matters not left plain. */
export function command(fan: number, deed: Deed, terms: Terms = {}): Command {
  return {
    do: deed,
    instance: 0,
    fan,
    owner: fan,
    back: 0,
    nobodys: false,
    place: 0,
    room: 0,
    show: 0,
    seats: [1],
    payNow: false,
    amountKrw: 3 * PRICE_KRW,
    key: 'fresh',
    change: { capacity: 2 },
    ...terms,
  };
}

export const later = (minutes: number): Step => ({ kind: 'later', minutes });

export function one(fan: number, deed: Deed, terms: Terms = {}): Step {
  return { kind: 'one', command: command(fan, deed, terms) };
}

function together(...commands: readonly Command[]): Step {
  return { kind: 'together', commands, twice: false };
}

const [ANN, BO, CY] = [0, 1, 2] as const;

const queueing: Tale = {
  capacity: 1,
  steps: [
    one(ANN, 'join'),
    one(BO, 'join', { instance: 1 }),
    one(CY, 'join'),
    one(BO, 'hold'),
    one(BO, 'leave', { instance: 1 }),
    one(ANN, 'leave'),
    one(ANN, 'hold'),
    later(3),
    one(ANN, 'changeRoom', { change: { state: 'CLOSED' } }),
    one(ANN, 'join'),
  ],
};

const buying: Tale = {
  capacity: 3,
  steps: [
    one(ANN, 'join'),
    one(ANN, 'charge'),
    one(ANN, 'hold', { seats: [6] }),
    one(ANN, 'hold', { show: 1 }),
    one(ANN, 'hold', { show: 2 }),
    one(ANN, 'hold', { seats: [1, 2, 3] }),
    one(ANN, 'hold', { seats: [1, 2, 3], key: 'again', instance: 1 }),
    one(ANN, 'hold', { seats: [4], key: 'reused' }),
    one(ANN, 'hold', { seats: [4] }),
    one(BO, 'join'),
    one(BO, 'hold', { instance: 1 }),
    one(BO, 'giveBack', { owner: ANN }),
    one(ANN, 'pay'),
    one(ANN, 'giveBack'),
    one(ANN, 'join'),
    one(ANN, 'pay'),
    one(BO, 'hold', { seats: [5], payNow: true }),
    one(BO, 'join', { room: 1 }),
    one(BO, 'hold', { seats: [5] }),
    one(ANN, 'tickets'),
    one(ANN, 'checkTicket'),
  ],
};

const beingLate: Tale = {
  capacity: 2,
  steps: [
    one(ANN, 'join'),
    one(BO, 'join'),
    one(BO, 'hold', { seats: [2] }),
    one(BO, 'giveBack'),
    one(BO, 'pay'),
    one(BO, 'hold', { seats: [2] }),
    later(6),
    one(BO, 'pay', { instance: 1 }),
    one(ANN, 'hold', { seats: [5] }),
    later(3),
    later(1),
    one(ANN, 'hold', { seats: [4] }),
    one(ANN, 'pay'),
  ],
};

const buyingTwice: Tale = {
  capacity: 3,
  steps: [
    one(ANN, 'join'),
    one(ANN, 'charge'),
    one(BO, 'join'),
    together(command(ANN, 'hold'), command(BO, 'hold', { instance: 1 })),
    one(ANN, 'hold', { seats: [2] }),
    one(ANN, 'hold', { seats: [3] }),
    together(command(ANN, 'pay'), command(ANN, 'pay', { back: 1 })),
  ],
};

export const toldTales: readonly Tale[] = [queueing, buying, beingLate, buyingTwice];
