import type { VenueAnswer } from '#contract/http/catalogue.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

const VENUE = `v.venue_id, v.name, v.city, v.address, (
  select json_agg(
    json_build_object(
      'layoutId', l.layout_id, 'name', l.name, 'seatCount', l.seat_count,
      'sections', (
        select json_agg(
          json_build_object(
            'sectionNo', s.section_no, 'name', s.name, 'firstSeatNo', s.first_seat_no,
            'seatCount', s.seat_count, 'rowLength', s.row_length
          ) order by s.section_no
        )
        from catalogue.section s where s.layout_id = l.layout_id
      )
    ) order by l.layout_id
  )
  from catalogue.layout l where l.venue_id = v.venue_id
) as layouts
from catalogue.venue v`;

const LIST = statement(`/* catalogue.list-venues */
select ${VENUE} where v.venue_id > $1 order by v.venue_id limit $2`);

const FIND = statement(`/* catalogue.find-venue */
select ${VENUE} where v.venue_id = $1`);

interface VenueRow {
  readonly venue_id: number;
  readonly name: string;
  readonly city: string;
  readonly address: string | null;
  readonly layouts: VenueAnswer['layouts'];
}

/** Venues with their layouts and sections, in the order in which they were set up. */
export async function listVenues(
  reader: Reader,
  page: { readonly after?: number | undefined; readonly limit: number },
): Promise<VenueAnswer[]> {
  const rows = await reader.rows<VenueRow>(LIST, [page.after ?? 0, page.limit]);
  return rows.map(toVenue);
}

export async function findVenue(reader: Reader, venueId: number): Promise<VenueAnswer | undefined> {
  const [row] = await reader.rows<VenueRow>(FIND, [venueId]);
  return row && toVenue(row);
}

function toVenue({ venue_id: venueId, name, city, address, layouts }: VenueRow): VenueAnswer {
  return { venueId, name, city, address, layouts };
}
