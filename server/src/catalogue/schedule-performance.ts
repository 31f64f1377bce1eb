/** Puts a performance on sale: its row, its prices and the event that has its seats laid out, or nothing. */
import assert from 'node:assert/strict';
import type { Performance, PerformanceBody } from '#contract/http/catalogue.ts';
import type { Refusal } from '#contract/problems.ts';
import type { Messaging } from '../messaging/index.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { concertExists, findPerformance } from './load-concert.ts';
import { decideSchedule, performanceScheduled, type Schedule } from './performance.ts';
import { type Created, type OperatorRequest, recall } from './request.ts';
import type { Section } from './venue.ts';

const SECTIONS = statement(`/* catalogue.sections */
select section_no as "sectionNo", name, first_seat_no as "firstSeatNo", seat_count as "seatCount",
  row_length as "rowLength"
from catalogue.section
where layout_id = $1
order by section_no`);

// Waits for a request with the same id that is under way, and does nothing if that one commits.
const INSERT = statement(`/* catalogue.insert-performance */
insert into catalogue.performance (
  concert_id, layout_id, room, starts_at, sale_opens_at, sale_closes_at, seats_per_person, from_price_krw,
  request_id, fingerprint
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (request_id) do nothing
returning performance_id`);

const RECALL = statement(`/* catalogue.recall-performance */
select performance_id, fingerprint from catalogue.performance where request_id = $1`);

const INSERT_PRICES = statement(`/* catalogue.insert-prices */
insert into catalogue.price (performance_id, layout_id, section_no, price_krw)
select $1, $2, * from unnest($3::int[], $4::int[])`);

export async function schedulePerformance(
  tx: Tx,
  messaging: Pick<Messaging, 'append'>,
  request: OperatorRequest<PerformanceBody>,
): Promise<Created<Performance> | Refusal> {
  const { body, requestId } = request;
  const [exists, sections] = await Promise.all([
    concertExists(tx, body.concertId),
    tx.rows<Section>(SECTIONS, [body.layoutId]),
  ]);
  // What is looked at here never changes, so a request that was accepted once is accepted every time.
  const schedule = decideSchedule(body, { concertExists: exists, sections });
  if (schedule.outcome === 'refused') return schedule;

  const performanceId = await insert(tx, request, schedule);
  if (performanceId !== undefined) {
    messaging.append(tx, [performanceScheduled(performanceId, body, schedule.sections)]);
    return answer(tx, performanceId, false);
  }
  const before = recall(
    request,
    await tx.rows<{ performance_id: number; fingerprint: Buffer }>(RECALL, [requestId]),
  );
  return before.outcome === 'refused' ? before : answer(tx, before.row.performance_id, true);
}

/** The new performance's id; undefined when the same key has made one before. */
async function insert(
  tx: Tx,
  { body, requestId, fingerprint }: OperatorRequest<PerformanceBody>,
  { sections, fromPriceKrw }: Schedule,
): Promise<number | undefined> {
  const [inserted] = await tx.rows<{ performance_id: number }>(INSERT, [
    body.concertId,
    body.layoutId,
    body.room,
    body.startsAt,
    body.saleOpensAt,
    body.saleClosesAt,
    body.seatsPerPerson,
    fromPriceKrw,
    requestId,
    fingerprint,
  ]);
  if (inserted === undefined) return undefined;
  await tx.rows(INSERT_PRICES, [
    inserted.performance_id,
    body.layoutId,
    sections.map((section) => section.sectionNo),
    sections.map((section) => section.priceKrw),
  ]);
  return inserted.performance_id;
}

async function answer(tx: Tx, performanceId: number, replayed: boolean): Promise<Created<Performance>> {
  const created = await findPerformance(tx, performanceId);
  assert(created !== undefined, 'a performance that was scheduled is there');
  return { outcome: 'created', replayed, created };
}
