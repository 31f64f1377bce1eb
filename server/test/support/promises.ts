/** What must hold whenever everything has settled: the promises, re-derived from the tables. */
import { expect } from 'vitest';
import type { Reader } from '../../src/platform/postgres/database.ts';
import type { World } from './world.ts';

const CHECKS: Readonly<Record<string, string>> = {
  'every sold seat belongs to exactly one confirmed reservation': `
    select s.performance_id, s.seat_no from seats.seat s
    left join reservations.reservation r on r.reservation_id = s.reservation_id and r.status = 'CONFIRMED'
    where s.state = 'S' and r.reservation_id is null`,
  'every confirmed reservation owns all its seats': `
    select r.reservation_id, n from reservations.reservation r
    cross join lateral (select (e ->> 'no')::int as n from jsonb_array_elements(r.seats) e) e
    left join seats.seat s on s.performance_id = r.performance_id and s.seat_no = n
      and s.reservation_id = r.reservation_id and s.state = 'S'
    where r.status = 'CONFIRMED' and s.seat_no is null`,
  'every held seat belongs to a held reservation': `
    select s.performance_id, s.seat_no from seats.seat s
    left join reservations.reservation r on r.reservation_id = s.reservation_id and r.status = 'HELD'
    where s.state = 'H' and r.reservation_id is null`,
  'paid and confirmed are the same set': `
    select coalesce(p.reservation_id, r.reservation_id) as reservation_id, p.state, r.status
    from payments.payment p full join reservations.reservation r using (reservation_id)
    where (p.state = 'PAID') is distinct from (r.status = 'CONFIRMED')`,
  'no balance is negative, and each is the sum of its transfers': `
    select w.user_id, w.balance_krw from payments.wallet w
    left join lateral (
      select coalesce(sum(case when t.credit_account = w.user_id then t.amount_krw else -t.amount_krw end), 0) as moved
      from payments.transfer t where w.user_id in (t.credit_account, t.debit_account)
    ) t on true
    where w.balance_krw < 0 or w.balance_krw <> t.moved`,
  'what was paid and not given back is what the paid payments say': `
    select 1 from (select
      (select coalesce(sum(case kind when 'PAYMENT' then amount_krw when 'REFUND' then -amount_krw else 0 end), 0)
       from payments.transfer) as taken,
      (select coalesce(sum(amount_krw), 0) from payments.payment where state = 'PAID') as owed) as sums
    where taken <> owed`,
  'no turn was spent on two purchases': `
    select room, number from waiting_room.token
    where state = 'SPENT' group by room, number having count(distinct reservation_id) <> 1`,
  'a buyer is counted as having what the holds say': `
    select b.performance_id, b.user_id, b.seat_count from seats.buyer b
    left join lateral (
      select coalesce(sum(cardinality(h.seat_nos)), 0) as has from seats.hold h
      where h.performance_id = b.performance_id and h.user_id = b.user_id and h.state <> 'R'
    ) h on true
    where b.seat_count <> h.has`,
  'nothing is parked': 'select parked_id, reader, error from messaging.parked where settled_at is null',
};

/** Settles the world and expects every promise to hold. */
export async function expectPromisesKept(world: World): Promise<void> {
  await world.settle();
  await expectPromisesKeptIn(world.db.database);
}

/** The same for any database in which nothing is under way. */
export async function expectPromisesKeptIn(database: Reader): Promise<void> {
  for (const [promise, sql] of Object.entries(CHECKS)) {
    const name = `test.promise-${promise.replaceAll(' ', '-').slice(0, 40)}`;
    const broken = await database.rows({ name, text: `/* ${name} */ ${sql}` }, []);
    expect(broken, promise).toEqual([]);
  }
}
