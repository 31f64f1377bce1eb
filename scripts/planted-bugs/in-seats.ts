import type { PlantedBug } from './planted-bug.ts';

const COUNTS = 'server/test/instances/query-counts.test.ts';
const HOLDS = 'server/src/seats/hold-seats.int.test.ts';
const RELEASES = 'server/src/seats/release-seats.int.test.ts';

export const IN_SEATS: readonly PlantedBug[] = [
  {
    name: 'seat-without-lock',
    says: 'The wanted seats are looked at, but not locked.',
    harm: 'Of two people who want one seat the second gets an error instead of being told that it is taken.',
    promise: 'I1',
    file: 'server/src/seats/hold-seats.ts',
    changes: [{ find: "state = 'F'\n  for update\n", replace: "state = 'F'\n" }],
    killers: [
      {
        file: HOLDS,
        test: 'of two who wait for one seat one gets it, and the other is told that it is taken',
      },
    ],
  },
  {
    name: 'seat-taken-from-its-owner',
    says: 'Seats are locked whatever their state is, and taken without looking at it again.',
    harm: 'A seat that was held or sold a minute ago is given to the next one who asks for it.',
    promise: 'I1',
    file: 'server/src/seats/hold-seats.ts',
    changes: [
      { find: "seat_no = wanted.seat_no and state = 'F'\n", replace: 'seat_no = wanted.seat_no\n' },
      { find: " and s.state = 'F' and s.version = g.version - 1", replace: '' },
    ],
    killers: [{ file: HOLDS, test: 'that is refused leaves nothing but its event' }],
  },
  {
    name: 'seat-free-by-the-clock',
    says: 'A hold whose time is over is as good as free: why wait for the sweep?',
    harm: 'The seats of somebody who paid in the last second are given to another one as well.',
    promise: 'I1',
    file: 'server/src/seats/hold-seats.ts',
    changes: [
      {
        find: "seat_no = wanted.seat_no and state = 'F'\n",
        replace: `seat_no = wanted.seat_no and (state = 'F' or state = 'H' and exists (
    select from seats.hold h
    where h.reservation_id = seat.reservation_id and h.expires_at <= clock_timestamp()
  ))
`,
      },
      { find: " and s.state = 'F' and s.version = g.version - 1", replace: ' and s.version = g.version - 1' },
    ],
    killers: [{ file: HOLDS, test: 'whose time is over keeps its seats until they are released' }],
  },
  {
    name: 'limit-not-counted-again',
    says: 'The limit per person was checked already; it is not checked when the seats are counted.',
    harm: 'Somebody with two browsers, at two instances, gets twice as many seats as anybody may have.',
    promise: 'limit',
    file: 'server/src/seats/hold-seats.ts',
    changes: [
      {
        find: `
where b.seat_count + excluded.seat_count <= (
  select p.seats_per_person from seats.performance p where p.performance_id = b.performance_id
)`,
        replace: '',
      },
    ],
    killers: [{ file: HOLDS, test: 'a limit that is reached between the look and the count is not passed' }],
  },
  {
    name: 'hold-by-the-clock-of-the-process',
    says: 'The end of a hold is `Date.now()` and five minutes.',
    harm: 'At an instance whose clock is ten minutes slow every hold is over before it has begun.',
    promise: 'I8',
    file: 'server/src/seats/seat.ts',
    changes: [
      {
        find: 'new Date(Date.parse(heldAt) + holdTtlMs + 1)',
        replace: 'new Date(Date.now() + holdTtlMs + 1)',
      },
    ],
    killers: [
      {
        file: 'server/src/seats/seat.test.ts',
        test: 'lasts five minutes from the time of the database, and never a moment less',
      },
    ],
  },
  {
    name: 'hold-from-before-the-wait',
    says: 'The time of a hold is that of the transaction, which has waited for the seats since.',
    harm: 'Whoever had to wait for a lock has less time to pay than was promised.',
    promise: 'I8',
    file: 'server/src/seats/hold-seats.ts',
    changes: [{ find: 'statement_timestamp()', replace: 'transaction_timestamp()' }],
    killers: [{ file: HOLDS, test: 'that waited for its seats begins when it has them' }],
  },
  {
    name: 'release-by-seat',
    says: 'A release frees the seats that it names, whoever has them at whatever version.',
    harm: 'A release that names a wrong seat frees one that somebody else holds or has bought.',
    promise: 'I1',
    file: 'server/src/seats/release-seats.ts',
    changes: [
      {
        find: ` and s.reservation_id = c.reservation_id
  and (s.state = 'H' and s.version = c.version or s.state = 'S' and s.version = c.version + 1)`,
        replace: '',
      },
    ],
    killers: [{ file: RELEASES, test: 'that names other versions than its hold is refused whole' }],
  },
  {
    name: 'release-of-what-was-released',
    says: 'What became of the hold is not looked at before its seats are freed or sold.',
    harm: 'An event that comes twice fails for good: it is parked, tried for ever, and somebody is called at night.',
    promise: 'I5',
    file: 'server/src/seats/claims.ts',
    changes: [
      { find: 'return is !== undefined && states.includes(is);', replace: 'return is !== undefined;' },
    ],
    killers: [
      { file: RELEASES, test: 'twice, in one set or later, is one release' },
      { file: RELEASES, test: 'of a hold that was released is passed over' },
    ],
  },
  {
    name: 'sale-without-match',
    says: 'What was paid for is sold: neither the hold nor the reservation is looked at.',
    harm: 'Somebody whose hold had been released gets the seats of the one who holds them now.',
    promise: 'I1',
    file: 'server/src/seats/sell-seats.ts',
    changes: [
      { find: "await lockHolds(tx, claims, ['H'])", replace: "await lockHolds(tx, claims, ['H', 'R'])" },
      {
        find: `set state = 'S', version = s.version + 1
`,
        replace: `set state = 'S', version = s.version + 1, reservation_id = c.reservation_id
`,
      },
      {
        find: ` and s.reservation_id = c.reservation_id
  and s.state = 'H' and s.version = c.version`,
        replace: '',
      },
    ],
    killers: [
      { file: RELEASES, test: 'of a hold that was released does not touch the next holder of the seat' },
    ],
  },
  {
    name: 'late-claim-waits',
    says: 'A late event locks the seats that it names, even if they are somebody else’s by now.',
    harm: 'The reader stands still behind a seat that it has nothing to do with.',
    promise: 'I11',
    file: 'server/src/seats/claims.ts',
    changes: [{ find: ' and reservation_id = c.reservation_id\n  for update', replace: '\n  for update' }],
    killers: [
      { file: RELEASES, test: "that comes late does not wait for seats that are somebody else's by now" },
    ],
  },
  {
    name: 'version-not-raised',
    says: 'A release gives the seat back as it was, with its old version.',
    harm: 'Every map takes the release for old news, and the next hold for a repetition: the seat looks taken for ever.',
    promise: 'I13',
    file: 'server/src/seats/release-seats.ts',
    changes: [
      { find: "set state = 'F', version = s.version + 1,", replace: "set state = 'F', version = s.version," },
    ],
    killers: [
      { file: RELEASES, test: 'after release the seat is held anew, and its version never comes twice' },
    ],
  },
  {
    name: 'board-takes-old-news',
    says: 'A board takes every change in the order in which it hears of it.',
    harm: 'What an instance did itself is undone on its map by what others did before: taken seats are shown as free.',
    promise: 'I13',
    file: 'server/src/seats/board.ts',
    changes: [{ find: 'if (version <= known) return false;', replace: '' }],
    killers: [
      {
        file: 'server/src/seats/board.test.ts',
        test: 'takes what is newer and nothing else, and says which it was',
      },
    ],
  },
  {
    name: 'board-loaded-too-soon',
    says: 'A board is read at once, and the log is followed when there is time for it.',
    harm: 'What is held between the two is never heard of: free on the map of this instance until it is forgotten.',
    promise: 'I10',
    file: 'server/src/seats/boards.ts',
    changes: [{ find: '      await messaging.following();\n', replace: '' }],
    killers: [{ file: 'server/src/seats/boards.test.ts', test: 'is not read before the log is followed' }],
  },
  {
    name: 'board-forgets-what-was-answered',
    says: 'A seat that is taken on the board is refused from memory, to its own buyer too.',
    harm: 'Whoever did not get the answer asks again with the same key, and is told that somebody else has the seats.',
    promise: 'I4',
    file: 'server/src/seats/refuse-known-taken.ts',
    changes: [{ find: ' || board.mayHaveBought(userId)', replace: '' }],
    killers: [
      {
        file: 'server/src/seats/boards.int.test.ts',
        test: 'that repeats an earlier one gets its first answer, on both instances, whoever has the seat since',
      },
    ],
  },
  {
    name: 'board-read-anew',
    says: 'A board of which something has changed is dropped. Whoever looks next has it read.',
    harm: 'While a sale is busy nearly every look at a map reads all its seats, and those who buy wait for those who look.',
    promise: 'cost',
    file: 'server/src/seats/boards.ts',
    changes: [{ find: 'kept.apply(event);', replace: 'kept.dropAll();' }],
    killers: [{ file: COUNTS, test: 'looks at a map that changes meanwhile cost no more than that either' }],
  },
];
