import type { PlantedBug } from './planted-bug.ts';

const LINE = 'server/src/waiting-room/postgres-line.int.test.ts';
const VIEWS = 'server/src/waiting-room/room-view.test.ts';
const CHECKS = 'server/src/waiting-room/check-turns.test.ts';

export const IN_THE_LINE: readonly PlantedBug[] = [
  {
    name: 'numbers-without-the-lock',
    says: 'Numbers are given without a lock on the room: the last one is in its row, after all.',
    harm: 'Two instances give the same numbers; people get errors, and the room’s counters are wrong from then on.',
    promise: 'I6',
    file: 'server/src/waiting-room/lock-rooms.ts',
    changes: [{ find: 'order by room for update`);', replace: 'order by room`);' }],
    killers: [
      { file: LINE, test: 'in order, always as many as the capacity while people wait, counters exact' },
    ],
  },
  {
    name: 'capacity-read-before-the-lock',
    says: 'The room is read first, then locked, and people are let in by what was read.',
    harm: 'Two instances each let in a full house.',
    promise: 'I7',
    file: 'server/src/waiting-room/lock-rooms.ts',
    changes: [
      {
        find: 'const [, rows] = await Promise.all([tx.rows(LOCK, [rooms]), tx.rows<RoomRow>(READ, [rooms])]);',
        replace:
          'const [rows] = await Promise.all([tx.rows<RoomRow>(READ, [rooms]), tx.rows(LOCK, [rooms])]);',
      },
    ],
    killers: [
      { file: LINE, test: 'in order, always as many as the capacity while people wait, counters exact' },
    ],
  },
  {
    name: 'let-in-out-of-order',
    says: 'Whoever waits is let in; that it is the next one is left to the order of the table.',
    harm: 'People who came later are let in before those who came first.',
    promise: 'I6',
    file: 'server/src/waiting-room/admit.ts',
    changes: [
      { find: '  order by number\n  limit r.admit\n', replace: '  order by user_id\n  limit r.admit\n' },
    ],
    killers: [
      { file: LINE, test: 'in order, always as many as the capacity while people wait, counters exact' },
    ],
  },
  {
    name: 'let-in-past-who-is-locked',
    says: 'Whoever is to be let in is locked, and whom somebody else has locked is skipped.',
    harm: 'Whoever’s place is locked in that moment, by whatever, is passed over, and is never let in.',
    promise: 'I6',
    file: 'server/src/waiting-room/admit.ts',
    changes: [
      { find: '  limit r.admit\n) as t`);', replace: '  limit r.admit\n  for update skip locked\n) as t`);' },
    ],
    killers: [{ file: LINE, test: 'whose place somebody else has locked is waited for, not passed over' }],
  },
  {
    name: 'bursts-that-come-back',
    says: 'The rate is kept by the bucket; who was let in within the window need not be counted.',
    harm: 'A quiet minute is made up for at once: twice as many people come in as the house can serve.',
    promise: 'I7',
    file: 'server/src/waiting-room/policy.ts',
    changes: [{ find: 'Math.min(allowed, inWindow, space,', replace: 'Math.min(allowed, space,' }],
    killers: [
      {
        file: 'server/src/waiting-room/policy.test.ts',
        test: 'no window holds more than the rate, no moment more than the capacity, whatever happens',
      },
    ],
  },
  {
    name: 'turn-spent-twice',
    says: 'A purchase spends its turn; whether it is spent already is not looked at.',
    harm: 'One turn buys as often as somebody can click, while the others wait in line.',
    promise: 'I7',
    file: 'server/src/waiting-room/place.ts',
    changes: [
      {
        find: "    if (spent !== null) return spent === reservationId ? 'repeated' : 'already-spent';\n",
        replace: '',
      },
    ],
    killers: [
      { file: LINE, test: 'two purchases at the same moment: one has the turn' },
      {
        file: LINE,
        test: 'the same purchase twice changes nothing; another one on the same turn has failed',
      },
    ],
  },
  {
    name: 'two-places-for-one',
    says: 'Everybody who joins gets a new number, whether in line already or not.',
    harm: 'Whoever joins again gets an error: only an index keeps fifty windows from being fifty places.',
    promise: 'I6',
    file: 'server/src/waiting-room/place.ts',
    changes: [{ find: "    if (row !== undefined) return { outcome: 'present', row };\n", replace: '' }],
    killers: [{ file: LINE, test: 'whoever joins again has the same place, with whatever became of it' }],
  },
  {
    name: 'turn-of-another-person',
    says: 'The token is signed, so whose turn it is need not be compared.',
    harm: 'Once a number is given anew after a loss, a token of before opens the turn of whoever has it now.',
    promise: 'I6',
    file: 'server/src/waiting-room/check-turns.ts',
    changes: [{ find: "  if (turn.userId !== holder.userId) return 'foreign';\n", replace: '' }],
    killers: [
      {
        file: 'server/src/waiting-room/waiting-room.int.test.ts',
        test: 'the door: active, waiting, over, foreign',
      },
    ],
  },
  {
    name: 'turn-remembered-too-long',
    says: 'An open turn is remembered for an hour: it costs a query to look at it.',
    harm: 'A turn that is spent or over goes on holding seats, at every instance that has seen it open.',
    promise: 'I7',
    file: 'server/src/waiting-room/check-turns.ts',
    changes: [
      { find: 'const CHANGING_REMEMBERED_MS = 1_000;', replace: 'const CHANGING_REMEMBERED_MS = 3_600_000;' },
    ],
    killers: [
      {
        file: CHECKS,
        test: 'an open turn is remembered for a second, not longer than it lasts, and not for somebody else',
      },
    ],
  },
  {
    name: 'turn-of-another-life',
    says: 'After a failover the turns that are remembered are still right, as a rule.',
    harm: 'A turn whose commit is lost goes on buying, and the one who was let in instead of it too.',
    promise: 'I7',
    file: 'server/src/waiting-room/check-turns.ts',
    changes: [
      {
        find: `    forgetAll: () => {
      latest = createTurnMemory(clock);
    },`,
        replace: '    forgetAll: () => {},',
      },
      { find: 'let latest = createTurnMemory(clock);', replace: 'const latest = createTurnMemory(clock);' },
    ],
    killers: [
      {
        file: CHECKS,
        test: 'when the data begin another life nothing is remembered, and nothing that was asked for before',
      },
    ],
  },
  {
    name: 'position-from-an-older-view',
    says: 'A poll is answered from what the instance has in memory, whatever the client has seen elsewhere.',
    harm: 'The number of people ahead goes up again from one poll to the next.',
    promise: 'I13',
    file: 'server/src/waiting-room/room-view.ts',
    changes: [
      { find: 'return isBehind(known.view, seen) ? undefined : known;', replace: 'return known;' },
      {
        find: 'known === undefined ? seen.number === undefined : !isBehind(known.view, seen)',
        replace: 'known !== undefined || seen.number === undefined',
      },
    ],
    killers: [{ file: VIEWS, test: 'whoever has seen more makes it read first, all of them once' }],
  },
  {
    name: 'view-without-those-who-left',
    says: 'The new head is given out at once; who left meanwhile is fetched after it.',
    harm: 'Everybody behind a crowd that left is told a higher position than a moment before.',
    promise: 'I13',
    file: 'server/src/waiting-room/room-view.ts',
    changes: [
      {
        find: 'const isWhole = known?.upTo === view.departed && isSameLine(view, known.view);',
        replace: 'const isWhole = known !== undefined && isSameLine(view, known.view);',
      },
    ],
    killers: [
      { file: VIEWS, test: 'what this instance did is given out at once, unless somebody left in between' },
    ],
  },
];
