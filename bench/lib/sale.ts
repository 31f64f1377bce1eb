/** Houses in the middle of their sale, as rows that the auditor agrees with (bench/sql/audit-sale.sql). */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { migrate } from '../../server/src/platform/postgres/migrate.ts';
import { operate } from './operate.ts';
import type { RunningService, Stage } from './stage.ts';

const SALE = new URL('../sql/audit-sale.sql', import.meta.url);

/** What each performance of such a sale has, where it is not said otherwise. */
export const SALE_SEATS = 100_000;
/** Sold by twos, the pairs all over the house; 1 % is held besides. */
export const SALE_SOLD = '60 % of the seats are sold, by twos and at random';

/** Puts so many performances with their sale into an empty database. The first one has the id 1; `seats`: a multiple of 1,000. */
export async function openSales(
  stage: Stage,
  database: string,
  performances: number,
  seats = SALE_SEATS,
): Promise<void> {
  await migrate({ ...stage.postgres.connection, database });
  const sale = await readFile(SALE, 'utf8');
  await stage.query(
    database,
    `set bench.performances = ${performances}; set bench.seats = ${seats}; ${sale}`,
  );
  await stage.query(database, 'vacuum analyze');
  await stage.query(database, 'checkpoint');
}

/** The room of the performance with that id. */
export const saleRoom = (performanceId: number) => `sale-${performanceId}`;

/** The room lets everybody in who waits, and whoever comes from then on at once. */
export async function letAllIn(service: RunningService, room: string): Promise<void> {
  const all = 1_000_000;
  const terms = { rateCount: all, rateWindowMs: 1_000, capacity: all };
  let { waiting } = await operate(service, 'PATCH', `/admin/queue/rooms/${room}`, terms);
  while (waiting !== 0) {
    await delay(100);
    const answer = await fetch(`http://${service.host}:${service.port}/api/v1/queue/rooms/${room}`);
    ({ waiting } = (await answer.json()) as { waiting?: unknown });
  }
}

/** So many seats that are free, in sets of so many, from all over the house. */
export async function freeSeats(
  stage: Stage,
  database: string,
  performanceId: number,
  { sets, each }: { readonly sets: number; readonly each: number },
): Promise<string[]> {
  const rows = await stage.query<{ seats: string }>(
    database,
    `select string_agg(seat_no::text, ',' order by seat_no) as seats
     from (select seat_no, row_number() over (order by md5(seat_no::text)) - 1 as n
           from seats.seat where performance_id = $1 and state = 'F') as free
     group by n / $3::int order by n / $3::int limit $2`,
    [performanceId, sets, each],
  );
  if (rows.length < sets) throw new Error(`${sets} times ${each} seats are not free any more`);
  return rows.map(({ seats }) => seats);
}
