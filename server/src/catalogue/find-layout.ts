import type { LayoutAnswer } from '#contract/http/catalogue.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

const LAYOUT = statement(`/* catalogue.find-layout */
select p.layout_id, l.name, l.seat_count, (
  select json_agg(
    json_build_object(
      'sectionNo', s.section_no, 'name', s.name, 'firstSeatNo', s.first_seat_no,
      'seatCount', s.seat_count, 'rowLength', s.row_length, 'priceKrw', r.price_krw
    ) order by s.section_no
  )
  from catalogue.section s
  join catalogue.price r on r.performance_id = p.performance_id and r.section_no = s.section_no
  where s.layout_id = p.layout_id
) as sections
from catalogue.performance p
join catalogue.layout l on l.layout_id = p.layout_id
where p.performance_id = $1`);

interface LayoutRow {
  readonly layout_id: number;
  readonly name: string;
  readonly seat_count: number;
  readonly sections: LayoutAnswer['sections'];
}

/** Where the seats of a performance are and what they cost. It never changes. */
export async function findLayout(reader: Reader, performanceId: number): Promise<LayoutAnswer | undefined> {
  const [row] = await reader.rows<LayoutRow>(LAYOUT, [performanceId]);
  if (row === undefined) return undefined;
  const { layout_id: layoutId, name, seat_count: seatCount, sections } = row;
  return { performanceId, layoutId, name, seatCount, sections };
}
