import type { PlantedBug } from './planted-bug.ts';

const READERS = 'server/src/messaging/messaging.int.test.ts';
const PARKING = 'server/src/messaging/parking.int.test.ts';

export const IN_MESSAGING: readonly PlantedBug[] = [
  {
    name: 'reader-without-horizon',
    says: 'A reader takes whatever is committed behind its position.',
    harm: 'An event of a transaction that began earlier and ended later is never heard of: paid, and no ticket.',
    promise: 'I10',
    file: 'server/src/messaging/log.ts',
    changes: [
      {
        find: 'l.epoch = (select messaging.current_epoch()) and l.xid >= pg_snapshot_xmin(pg_current_snapshot()) as above_horizon',
        replace: 'false as above_horizon',
      },
    ],
    killers: [{ file: READERS, test: 'a lower id that is committed later is not lost, and comes first' }],
  },
  {
    name: 'cursor-moved-afterwards',
    says: 'The reactions are committed first, and the cursor is moved in a transaction of its own.',
    harm: 'Whoever dies in between, or is merely overtaken, does everything twice: two refunds, two tickets.',
    promise: 'I5',
    file: 'server/src/messaging/reader.ts',
    changes: [
      {
        find: '      cursor.move(tx, last);\n',
        replace: `      tx.onCommit(() => {
        void database.transaction((own) => Promise.resolve(cursor.move(own, last))).catch(() => {});
      });
`,
      },
    ],
    killers: [
      {
        file: READERS,
        test: 'three instances: every event takes effect once, what it emits is emitted once, and each reservation keeps its order',
      },
    ],
  },
  {
    name: 'cursor-not-compared',
    says: 'Whoever gets the lock of the cursor goes on with what it has read before.',
    harm: 'Two instances that read the same events do both what they say.',
    promise: 'I5',
    file: 'server/src/messaging/cursor.ts',
    changes: [
      {
        find: "if (persisted !== undefined && isSame(row, persisted)) return 'here';",
        replace: "if (persisted !== undefined) return 'here';",
      },
    ],
    killers: [
      {
        file: READERS,
        test: 'three instances: every event takes effect once, what it emits is emitted once, and each reservation keeps its order',
      },
    ],
  },
  {
    name: 'events-after-the-commit',
    says: 'Events are appended when the commit is through, so that nobody hears of what was rolled back.',
    harm: 'An instance that dies in between has held seats that nobody hears of: no reservation, no lapse, held for ever.',
    promise: 'I10',
    file: 'server/src/messaging/index.ts',
    changes: [
      {
        find: 'append: (tx, events) => appendEvents(tx, events, appended),',
        replace: `append: (tx, events) =>
      tx.onCommit(() => {
        const work = async (own: Tx) => appendEvents(own, events, appended);
        void deps.database.transaction(work).catch(() => {});
      }),`,
      },
    ],
    killers: [
      { file: READERS, test: 'what the log cannot hold is not done either, and nobody is told of it' },
    ],
  },
  {
    name: 'parked-for-ever',
    says: 'What fails is set aside for somebody to look at.',
    harm: 'A lock that lasted too long once costs somebody the ticket: nothing tries again.',
    promise: 'I9',
    file: 'server/src/messaging/park-events.ts',
    changes: [
      {
        find: "clock_timestamp() + interval '100 milliseconds')\non conflict",
        replace: "'infinity')\non conflict",
      },
    ],
    killers: [
      { file: PARKING, test: 'a parked event is tried again until it succeeds, then it is settled, once' },
    ],
  },
  {
    name: 'never-given-up',
    says: 'An event that fails is tried until it succeeds, and nothing is given instead.',
    harm: 'Seats whose reservation cannot be made stay held for ever, instead of being released.',
    promise: 'I9',
    file: 'server/src/messaging/retry-parked.ts',
    changes: [
      {
        find: 'if (giveUp !== undefined && attempts + 1 >= failuresMax)',
        replace: 'if (giveUp !== undefined && attempts + 1 >= failuresMax * 1_000)',
      },
    ],
    killers: [
      {
        file: PARKING,
        test: 'an event that fails for good is answered with the compensating event of its reaction',
      },
    ],
  },
  {
    name: 'one-wave-for-all',
    says: 'Events of one name are one set; what was said of a reservation in between is of no account.',
    harm: 'Cancelled before it was created: the reservation is made after all, and its payment falls due.',
    promise: 'I9',
    file: 'server/src/messaging/waves.ts',
    changes: [{ find: 'before.wave + (before.name === name ? 0 : 1)', replace: 'before.wave' }],
    killers: [
      {
        file: READERS,
        test: 'two events of different names about one reservation keep their order in one taking',
      },
    ],
  },
];
