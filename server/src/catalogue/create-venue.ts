/** Sets up a venue with its layouts and their sections, in one request. */
import assert from 'node:assert/strict';
import type { VenueAnswer, VenueBody } from '#contract/http/catalogue.ts';
import type { Refusal } from '#contract/problems.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { findVenue } from './list-venues.ts';
import { type Created, type OperatorRequest, recall } from './request.ts';
import { numberSections, refuseVenue, seatCountOf } from './venue.ts';

// Waits for a request with the same id that is under way, and does nothing if that one commits.
const INSERT_VENUE = statement(`/* catalogue.insert-venue */
insert into catalogue.venue (name, city, address, request_id, fingerprint)
values ($1, $2, $3, $4, $5)
on conflict (request_id) do nothing
returning venue_id`);

const RECALL = statement(`/* catalogue.recall-venue */
select venue_id, fingerprint from catalogue.venue where request_id = $1`);

const INSERT_LAYOUTS = statement(`/* catalogue.insert-layouts */
insert into catalogue.layout (venue_id, name, section_count, seat_count)
select $1, l.name, l.section_count, l.seat_count
from unnest($2::text[], $3::int[], $4::int[]) with ordinality as l (name, section_count, seat_count, position)
order by l.position
returning layout_id, name`);

const INSERT_SECTIONS = statement(`/* catalogue.insert-sections */
insert into catalogue.section (layout_id, section_no, name, first_seat_no, seat_count, row_length)
select * from unnest($1::int[], $2::int[], $3::text[], $4::int[], $5::int[], $6::int[])`);

export async function createVenue(
  tx: Tx,
  request: OperatorRequest<VenueBody>,
): Promise<Created<VenueAnswer> | Refusal> {
  const { requestId, fingerprint, body } = request;
  const refusal = refuseVenue(body);
  if (refusal !== undefined) return refusal;

  const [inserted] = await tx.rows<{ venue_id: number }>(INSERT_VENUE, [
    body.name,
    body.city,
    body.address ?? null,
    requestId,
    fingerprint,
  ]);
  if (inserted !== undefined) {
    await insertLayouts(tx, inserted.venue_id, body.layouts);
    return answer(tx, inserted.venue_id, false);
  }
  const before = recall(
    request,
    await tx.rows<{ venue_id: number; fingerprint: Buffer }>(RECALL, [requestId]),
  );
  return before.outcome === 'refused' ? before : answer(tx, before.row.venue_id, true);
}

async function insertLayouts(tx: Tx, venueId: number, layouts: VenueBody['layouts']): Promise<void> {
  const inserted = await tx.rows<{ layout_id: number; name: string }>(INSERT_LAYOUTS, [
    venueId,
    layouts.map((layout) => layout.name),
    layouts.map((layout) => layout.sections.length),
    layouts.map((layout) => seatCountOf(layout.sections)),
  ]);
  const idOfName = new Map(inserted.map((row) => [row.name, row.layout_id]));
  const sections = layouts.flatMap((layout) =>
    numberSections(layout.sections).map((section) => ({ layoutId: idOfName.get(layout.name), ...section })),
  );
  await tx.rows(INSERT_SECTIONS, [
    sections.map((section) => section.layoutId),
    sections.map((section) => section.sectionNo),
    sections.map((section) => section.name),
    sections.map((section) => section.firstSeatNo),
    sections.map((section) => section.seatCount),
    sections.map((section) => section.rowLength),
  ]);
}

async function answer(tx: Tx, venueId: number, replayed: boolean): Promise<Created<VenueAnswer>> {
  const created = await findVenue(tx, venueId);
  assert(created !== undefined, 'a venue that was made is there');
  return { outcome: 'created', replayed, created };
}
