/** The log and its readers: held up, poisoned, or wanted by several at once. */
import assert from 'node:assert/strict';
import type { Client } from 'pg';
import type { Play, Scenario } from '../scenario.ts';

/** A session that does something in a transaction and then nothing for so long. */
async function idleFor(play: Play, sql: string, ms: number): Promise<void> {
  const client: Client = await play.stage.server.connect();
  try {
    await client.query('begin');
    await client.query(sql);
    await play.last(ms);
  } finally {
    await client.query('rollback').catch(() => {}); // somebody may have ended it
    await client.end();
  }
}

const countParked = async ({ stage }: Play): Promise<number> => {
  const [row] = await stage.server.query<{ open: number }>(
    'select count(*)::int as open from messaging.parked where settled_at is null',
  );
  return row?.open ?? 0;
};

/** The reservations of every other buyer cannot be written. */
const POISON = `alter table reservations.reservation
  add constraint faults_poison check (left(user_id::text, 1) >= '8') not valid`;
/** Shorter than the service tries: after some 3 s it gives the hold up, and the seats come free again. */
const POISON_MS = 2_000;
const ANTIDOTE = 'alter table reservations.reservation drop constraint if exists faults_poison';

/** What no schema would let through, as a mistake of another version could write it. */
const MALFORMED = `insert into messaging.log (names, events, event_count) values
  ('{SeatReserved}', '[{"name": "SeatReserved", "reservationId": "nobody knows"}]', 1),
  ('{PaymentProcessed}', '[{"name": "PaymentProcessed"}]', 1)`;
const STRIKE_OUT = `update messaging.parked set settled_at = clock_timestamp(), settled_by = 'compensated'
  where settled_at is null
    and not exists (select from seats.hold h where h.reservation_id::text = event->>'reservationId')
  returning parked_id`;

export const logScenarios: readonly Scenario[] = [
  {
    name: 'idle-transaction',
    does: 'A stranger’s session has written something and then stays in its transaction for 20 s, doing nothing.',
    mustHold:
      'Readers wait in front of it and skip nothing; then they catch up. Holds that ended meanwhile can no longer be paid for.',
    needs: [],
    lastsMs: 20_000,
    disturb: (play) => idleFor(play, 'select pg_current_xact_id()', 20_000),
  },
  {
    name: 'idle-row-lock',
    does: 'A stranger’s session keeps the rows of the ten front seats locked for 20 s.',
    mustHold:
      'Whoever wants these seats is refused in time. Readers wait as before, for it is the same to the log; all catch up.',
    needs: [],
    lastsMs: 20_000,
    disturb: (play) =>
      idleFor(
        play,
        `select seat_no from seats.seat
         where performance_id = ${play.performanceId} and seat_no <= 10 order by seat_no for update`,
        20_000,
      ),
  },
  {
    name: 'poisoned-events',
    does: 'Two malformed events are written into the log; 6 s later, for 2 s, every other reservation fails by a constraint.',
    mustHold:
      'These events are parked and visible, all others go on; what can be repaired succeeds afterwards.',
    needs: [],
    lastsMs: 15_000,
    disturb: async (play) => {
      const { server } = play.stage;
      try {
        await server.query(MALFORMED);
        await play.last(6_000);
        await server.query(POISON);
        await play.last(POISON_MS);
        play.note(`${await countParked(play)} events were parked`);
      } finally {
        await server.query(ANTIDOTE);
      }
      const struck = await server.query(STRIKE_OUT);
      play.note(`${struck.length} of them, which nothing can come of, were struck out by hand`);
      const ms = await play.until('nothing is parked', async () => (await countParked(play)) === 0, 60_000);
      play.note(`the others succeeded within ${(ms / 1000).toFixed(1)} s`);
    },
  },
  {
    name: 'two-readers',
    does: 'An instance is frozen in the middle of a reader’s transaction, with the cursor locked, until another has it; then it wakes up.',
    mustHold: 'The cursor has one owner at a time: what the woken one still had to do comes to nothing.',
    needs: [],
    lastsMs: 35_000,
    disturb: async (play) => {
      let caught = 0;
      for (let tries = 0; tries < 30 && caught < 2; tries++) {
        const instance = play.chance.oneOf(play.stage.instances);
        instance.freeze();
        try {
          await play.last(300);
          if (!(await hasCursorLocked(play))) continue;
          caught += 1;
          const ms = await play.until(
            'the cursor is free again',
            async () => !(await hasCursorLocked(play)),
            15_000,
          );
          play.note(`frozen with a cursor locked, which was free again after ${(ms / 1000).toFixed(1)} s`);
          await play.last(2_000);
        } finally {
          instance.thaw();
        }
        await play.last(1_000);
      }
      assert(caught > 0, 'an instance was frozen within a reader’s transaction');
    },
  },
];

/** A session has stood in a transaction for a while without doing anything, and a reader's cursor is its. */
async function hasCursorLocked({ stage }: Play): Promise<boolean> {
  const rows = await stage.server.query(
    `select 1 from pg_stat_activity a join pg_locks l using (pid)
     where a.state = 'idle in transaction' and a.state_change < clock_timestamp() - interval '200 milliseconds'
       and l.relation = 'messaging.cursor'::regclass and l.mode in ('RowShareLock', 'RowExclusiveLock')`,
  );
  return rows.length > 0;
}
