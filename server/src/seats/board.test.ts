import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BoardContent,
  buyerMark,
  FREE,
  HELD,
  SeatBoard,
  type SeatState,
  SOLD,
  type TierCounts,
} from './board.ts';

const SEATS = 37;

interface Change {
  readonly seatNo: number;
  readonly version: number;
  readonly state: SeatState;
}
/** The table: state and version of each seat. */
type Table = { state: SeatState; version: number }[];

const price = (seatNo: number) => (seatNo <= 10 ? 90_000 : seatNo <= 30 ? 50_000 : 90_000);

function tableOf(seatCount = SEATS): Table {
  return Array.from({ length: seatCount }, () => ({ state: FREE, version: 0 }));
}

function contentOf(table: Table, buyers: readonly number[] = []): BoardContent {
  return {
    performanceId: 1,
    terms: { room: 'main', seatsPerPerson: 4, saleOpensAtMs: 0, saleClosesAtMs: 1 },
    states: Uint8Array.from(table, ({ state }) => state),
    versions: Int32Array.from(table, ({ version }) => version),
    pricesKrw: Int32Array.from(table, (_, at) => price(at + 1)),
    buyers,
  };
}

/** What the table does: F → H → F or S, S → F, each one version up. */
function play(table: Table, steps: readonly { seatNo: number; second: boolean }[]): Change[] {
  return steps.map(({ seatNo, second }) => {
    const row = table[seatNo - 1];
    if (row === undefined) throw new Error(`there is no seat ${seatNo}`);
    row.state = row.state === FREE ? HELD : row.state === HELD && second ? SOLD : FREE;
    row.version += 1;
    return { seatNo, version: row.version, state: row.state };
  });
}

/** All that a board says of its content. */
function reading(board: SeatBoard) {
  const seats = Array.from({ length: board.seatCount }, (_, at) => [
    board.versionOf(at + 1),
    board.stateOf(at + 1),
  ]);
  return {
    seats,
    counts: board.counts,
    tiers: board.tiers,
    version: board.version,
    packed: [...board.packed],
  };
}

/** The same, counted from the table. */
function tiersOf(table: Table): TierCounts[] {
  return [50_000, 90_000].map((priceKrw) => {
    const count = (state: SeatState) =>
      table.filter((row, at) => price(at + 1) === priceKrw && row.state === state).length;
    return { priceKrw, free: count(FREE), held: count(HELD), sold: count(SOLD) };
  });
}

const someSteps = fc.array(fc.record({ seatNo: fc.integer({ min: 1, max: SEATS }), second: fc.boolean() }), {
  maxLength: 200,
});

describe('a board', () => {
  test('is the table of the end, whatever the order of what it heard, how often, and when it was loaded', () => {
    fc.assert(
      fc.property(someSteps, fc.nat(), fc.nat(), fc.infiniteStream(fc.nat()), (steps, load, loss, chance) => {
        const table = tableOf();
        const loadAt = load % (steps.length + 1);
        const early = play(table, steps.slice(0, loadAt));
        const board = new SeatBoard(contentOf(table));
        const late = play(table, steps.slice(loadAt));

        // Everything at least once, with repetitions and what was in the load already, in any order.
        const heard = [...early, ...late, ...late.slice(0, loss % (late.length + 1))]
          .map((change) => ({ change, rank: chance.next().value }))
          .toSorted((a, b) => a.rank - b.rank)
          .map(({ change }) => change);
        for (const { seatNo, version, state } of heard) board.apply(seatNo, version, state);

        expect(reading(board)).toEqual(reading(new SeatBoard(contentOf(table))));
        expect(board.tiers).toEqual(tiersOf(table));
        const { free, held, sold } = board.counts;
        expect([free, held, sold]).toEqual(
          [FREE, HELD, SOLD].map((state) => table.filter((row) => row.state === state).length),
        );
        expect(Array.from(table, ({ state }) => state)).toEqual(
          Array.from({ length: SEATS }, (_, at) => board.stateOf(at + 1)),
        );
      }),
    );
  });

  test('that lost events and is loaded anew is the board that lost none', () => {
    fc.assert(
      fc.property(someSteps, someSteps, someSteps, (before, missed, after) => {
        const table = tableOf();
        const whole = new SeatBoard(contentOf(table));
        const all = [...play(table, before), ...play(table, missed)];
        const reloaded = new SeatBoard(contentOf(table));
        const late = play(table, after);
        for (const { seatNo, version, state } of [...all, ...late]) whole.apply(seatNo, version, state);
        for (const { seatNo, version, state } of late) reloaded.apply(seatNo, version, state);
        expect(reading(reloaded)).toEqual(reading(whole));
      }),
    );
  });

  test('has the name of another one if and only if it has its content', () => {
    fc.assert(
      fc.property(someSteps, someSteps, (steps, otherSteps) => {
        const [table, other] = [tableOf(), tableOf()];
        play(table, steps);
        play(other, otherSteps);
        const [a, b] = [new SeatBoard(contentOf(table)), new SeatBoard(contentOf(other))];
        const areEqual = JSON.stringify(table) === JSON.stringify(other);
        expect(a.version === b.version).toBe(areEqual);
      }),
      // The same number of changes at the same few seats: much is equal, and the sums of the versions always are.
      { examples: [[[{ seatNo: 1, second: true }], [{ seatNo: 2, second: true }]]] },
    );
  });

  test('has as many names as contents, among all contents of three seats', () => {
    const names = new Set<string>();
    const rows: Table = [
      { state: FREE, version: 0 },
      ...[1, 2, 3, 4, 5].flatMap((version) =>
        ([FREE, HELD, SOLD] as const).map((state) => ({ state, version })),
      ),
    ];
    for (const first of rows) {
      for (const second of rows) {
        for (const third of rows) names.add(new SeatBoard(contentOf([first, second, third])).version);
      }
    }
    expect(names.size).toBe(rows.length ** 3);
  });

  test('says with the number in front which of two of its versions is the later one', () => {
    const board = new SeatBoard(contentOf(tableOf()));
    const order = (version: string) => Number.parseInt(version.split('-')[0] ?? '', 36);
    const versions = Array.from({ length: 100 }, (_, n) => {
      board.apply((n % SEATS) + 1, Math.floor(n / SEATS) + 1, HELD);
      return board.version;
    });
    for (const version of versions) expect(version).toMatch(/^[0-9a-z]+-[0-9a-f]{16}$/);
    expect(versions.map(order)).toEqual(versions.map(order).toSorted((a, b) => a - b));
    expect(new Set(versions.map(order)).size).toBe(100);
  });

  test('takes what is newer and nothing else, and says which it was', () => {
    const board = new SeatBoard(contentOf(tableOf()));
    expect(board.apply(5, 3, SOLD)).toBe(true);
    expect(board.apply(5, 3, SOLD)).toBe(false);
    expect(board.apply(5, 2, FREE)).toBe(false);
    expect([board.stateOf(5), board.versionOf(5)]).toEqual([SOLD, 3]);
    expect(board.apply(5, 4, FREE)).toBe(true);
    expect(board.stateOf(5)).toBe(FREE);
  });

  test('gives each seat that has changed once, and none twice', () => {
    fc.assert(
      fc.property(someSteps, someSteps, (first, second) => {
        const table = tableOf();
        const board = new SeatBoard(contentOf(table));
        const numbers = (steps: typeof first) =>
          [...new Set(steps.map(({ seatNo }) => seatNo))].toSorted((a, b) => a - b);
        for (const steps of [first, second]) {
          for (const { seatNo, version, state } of play(table, steps)) board.apply(seatNo, version, state);
          expect(board.takeChanged()).toEqual(numbers(steps));
        }
        expect(board.takeChanged()).toEqual([]);
      }),
    );
  });

  test('packs four seats into a byte, the first in its lowest bits', () => {
    const table = tableOf(5);
    const board = new SeatBoard(contentOf(table));
    board.apply(2, 1, HELD);
    board.apply(4, 2, SOLD);
    board.apply(5, 2, SOLD);
    expect([...board.packed]).toEqual([0b10_00_01_00, 0b10]);
    board.apply(4, 3, FREE);
    expect([...board.packed]).toEqual([0b00_00_01_00, 0b10]);
  });

  test('knows who was ever granted a seat, from the table and from what it heard', () => {
    const [ann, ben, cem] = [
      '00000000-0000-4000-8000-0000ffffffff',
      '00000000-0000-4000-8000-000000000002',
      '00000000-0000-4000-8000-000000000003',
    ];
    const board = new SeatBoard(contentOf(tableOf(), [buyerMark(ann)]));
    board.addBuyer(ben);
    expect([ann, ben, cem].map((user) => board.mayHaveBought(user))).toEqual([true, true, false]);
  });

  test('refuses a seat that it does not have', () => {
    const board = new SeatBoard(contentOf(tableOf()));
    expect(() => board.apply(SEATS + 1, 1, HELD)).toThrow('has no seat 38');
    expect(() => board.apply(0, 1, HELD)).toThrow('has no seat 0');
    expect(() => board.stateOf(SEATS + 1)).toThrow('has no seat 38');
  });
});
