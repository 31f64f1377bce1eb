/** What stories are made of: mostly what makes sense, and some of everything else. */
import fc from 'fast-check';
import type { CallOf, Deed } from './calls.ts';
import type { Command, Key, Step, Tale } from './commands.ts';
import { PRICE_KRW, type RoomNo } from './state.ts';
import { command, later, one, type Terms } from './told-tales.ts';

const FAN_COUNT = 3;

const weighted = <T>(...choices: readonly (readonly [weight: number, value: T])[]) =>
  fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

type Choices = { [Name in keyof Command]?: fc.Arbitrary<Command[Name]> };

const fan = fc.nat(FAN_COUNT - 1);
const instance = fc.constantFrom<(0 | 1)[]>(0, 1);
const key = weighted<Key>([10, 'fresh'], [3, 'again'], [1, 'reused']);
const place = weighted([12, 0], [1, 1], [1, 2]);
const show = weighted([24, 0], [1, 1], [1, 2]);
const back = weighted([8, 0], [2, 1], [1, 2]);
/** Somebody else's, and nobody's: what is not found is looked for for a second, so there is little of it. */
const strangers = { owner: weighted([40, 0], [1, 1]), nobodys: weighted([120, false], [1, true]) };
const seats = fc
  .uniqueArray(weighted([6, 1], [6, 2], [4, 3], [2, 4], [1, 5], [1, 6]), { minLength: 1, maxLength: 3 })
  .map((some) => some.toSorted((a, b) => a - b));
const change = fc.constantFrom<CallOf<'changeRoom'>['change'][]>(
  { capacity: 2 },
  { capacity: 1 },
  { capacity: 3 },
  { state: 'OPEN' },
  { state: 'OPEN' },
  { state: 'PAUSED' },
  { state: 'CLOSED' },
);

const hold: Choices = { fan, place, show, seats, payNow: weighted([8, false], [1, true]), key };

/** How often each is done, and what there is to choose. */
const DEEDS: Readonly<Record<Deed, readonly [weight: number, choices: Choices]>> = {
  join: [14, { fan, room: weighted<RoomNo>([12, 0], [1, 1]) }],
  leave: [5, { fan, place }],
  stand: [6, { fan, place }],
  hold: [18, hold],
  pay: [14, { fan, place, back, key, ...strangers }],
  giveBack: [5, { fan, back, ...strangers }],
  charge: [8, { fan, amountKrw: fc.constantFrom(PRICE_KRW, 3 * PRICE_KRW, PRICE_KRW / 2), key }],
  changeRoom: [5, { change }],
  raiseEpoch: [1, {}],
  openRoomAgain: [1, {}],
  findRoom: [2, {}],
  findReservation: [2, { fan, back, ...strangers }],
  listReservations: [1, { fan }],
  wallet: [1, { fan }],
  entries: [1, { fan }],
  payments: [1, { fan }],
  tickets: [3, { fan }],
  checkTicket: [2, { back }],
  map: [3, { fan, place, show }],
  sales: [2, { show: fc.constant(0) }],
};

function commandOf(deed: Deed, choices: Choices): fc.Arbitrary<Command> {
  const chosen = fc.record({ instance, ...choices }) as fc.Arbitrary<Partial<Command>>;
  return chosen.map(({ fan: who = 0, owner: stranger = 0, ...some }) =>
    command(who, deed, { ...some, owner: (who + stranger) % FAN_COUNT }),
  );
}

const commands = fc.oneof(
  ...Object.entries(DEEDS).map(([deed, [weight, terms]]) => ({
    weight,
    arbitrary: commandOf(deed as Deed, terms),
  })),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 24, arbitrary: commands.map((each): Step => ({ kind: 'one', command: each })) },
  {
    weight: 9,
    arbitrary: fc
      .record({ commands: fc.array(commands, { minLength: 1, maxLength: 3 }), twice: fc.boolean() })
      .map((both): Step => ({ kind: 'together', ...both })),
  },
  { weight: 3, arbitrary: commands.map((each): Step => ({ kind: 'hurry', command: each })) },
  { weight: 3, arbitrary: fc.constantFrom(1, 3, 6).map(later) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'notice' }) },
);

/** What one person does in a row, or the minutes between: by chance alone hardly anybody would come so far. */
type Part = readonly [deed: Deed, terms?: Terms] | number;

const ROWS: readonly (readonly Part[])[] = [
  [['join'], ['charge'], ['hold'], ['pay'], ['pay'], ['giveBack'], ['tickets']],
  [['join'], ['charge'], ['hold', { seats: [2] }], ['hold', { seats: [3] }], ['pay'], ['pay', { back: 1 }]],
  [['join'], ['hold', { seats: [4] }], 6, ['pay'], ['hold', { key: 'again' }]],
  [['join'], ['hold', { seats: [1, 2] }], ['giveBack'], ['pay'], ['leave'], ['hold']],
  [['join'], ['charge'], 6, ['hold', { seats: [5] }], 3, 1, ['hold'], ['pay']],
  [['hold', { seats: [1, 2, 3] }], ['hold', { seats: [4] }], ['pay'], ['join', { room: 1 }], ['pay']],
  [['leave'], ['join'], ['hold', { seats: [4], payNow: true }], ['stand'], ['join']],
];

const kept = weighted([1, false], [9, true]);

function inARow(row: readonly Part[]): fc.Arbitrary<Step[]> {
  const each = row.map(() => fc.record({ kept, instance, isHurried: weighted([4, false], [1, true]) }));
  return fc.tuple(fan, fc.tuple(...each)).map(([who, choices]) =>
    row.flatMap((part, index): Step[] => {
      const choice = choices[index];
      if (choice === undefined || !choice.kept) return [];
      if (typeof part === 'number') return [later(part)];
      const [deed, terms] = part;
      const wanted = command(who, deed, { ...terms, instance: choice.instance });
      return [{ kind: choice.isHurried ? 'hurry' : 'one', command: wanted }];
    }),
  );
}

const scenes = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: step.map((each) => [each]) },
    { weight: 1, arbitrary: fc.oneof(...ROWS.map(inARow)) },
  ),
  { minLength: 1, maxLength: 24, size: 'max' },
);

/** Everybody is in line and has money. */
const PROLOGUE: readonly Step[] = [0, 1, 2].flatMap((who) => [one(who, 'join'), one(who, 'charge')]);

/** Without the bias to small values: nothing happens in a story of two lines. */
export const tales: fc.Arbitrary<Tale> = fc.noBias(
  fc
    .record({ capacity: fc.constantFrom(2, 1, 3), isPrepared: weighted([1, false], [2, true]), scenes })
    .map(({ capacity, isPrepared, scenes: list }) => ({
      capacity,
      steps: [...(isPrepared ? PROLOGUE : []), ...list.flat()],
    })),
);
