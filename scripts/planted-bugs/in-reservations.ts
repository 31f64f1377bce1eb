import type { PlantedBug } from './planted-bug.ts';

const BATCHES = 'server/test/instances/batch-counts.test.ts';
const RESERVATIONS = 'server/src/reservations/reservations.int.test.ts';

export const IN_RESERVATIONS: readonly PlantedBug[] = [
  {
    name: 'confirmed-after-its-end',
    says: 'A payment confirms its reservation, whatever became of that since.',
    harm: 'What was cancelled or has expired is confirmed all the same: two people have tickets for one seat.',
    promise: 'I9',
    file: 'server/src/reservations/move-reservations.ts',
    changes: [{ find: 'and status = any($3::text[])', replace: 'and cardinality($3::text[]) > 0' }],
    killers: [
      { file: RESERVATIONS, test: 'only the transitions of the table happen, whatever is asked for' },
    ],
  },
  {
    name: 'created-twice',
    says: 'Each `SeatReserved` is answered by a `ReservationCreated`, whether the reservation is new or not.',
    harm: 'An event that comes twice opens the payment of a reservation that was given back meanwhile.',
    promise: 'I5',
    file: 'server/src/reservations/create-reservations.ts',
    changes: [
      {
        find: '.filter(({ reservationId }) => !told.has(reservationId) && told.add(reservationId))',
        replace: '.filter(() => told.size >= 0)',
      },
    ],
    killers: [
      {
        file: RESERVATIONS,
        test: 'that comes twice, in one set or later, is one reservation and says nothing more',
      },
    ],
  },
  {
    name: 'cancelled-by-anybody',
    says: 'Whoever knows the id of a reservation may give it back: ids cannot be guessed.',
    harm: 'An id in a screenshot is enough to take somebody’s seats away.',
    promise: 'I3',
    file: 'server/src/reservations/reservation.ts',
    changes: [{ find: 'found === undefined || found.user_id !== userId', replace: 'found === undefined' }],
    killers: [{ file: RESERVATIONS, test: "of somebody else's is refused as if there were none" }],
  },
  {
    name: 'ticket-of-a-signature',
    says: 'A ticket is good when we signed it.',
    harm: 'Whoever was given the money back comes in with the old ticket, to the seat of somebody else.',
    promise: 'I1',
    file: 'server/src/reservations/check-ticket.ts',
    changes: [{ find: "reservation?.status === 'CONFIRMED' &&", replace: 'reservation !== undefined &&' }],
    killers: [{ file: RESERVATIONS, test: 'are not valid any more once the reservation was cancelled' }],
  },
  {
    name: 'created-one-at-a-time',
    says: 'The events of a set are taken one after the other: that is easier to read.',
    harm: 'Each hold of a busy sale is a statement more; reservations fall behind the holds, and payments find nothing due.',
    promise: 'cost',
    file: 'server/src/reservations/reactions.ts',
    changes: [
      {
        find: 'run: createReservations,',
        replace: `run: async (tx, holds) => {
      const created = [];
      for (const hold of holds) created.push(...(await createReservations(tx, [hold])));
      return created;
    },`,
      },
    ],
    killers: [{ file: BATCHES, test: 'is so many statements and commits, and so many rows' }],
  },
];
