import assert from 'node:assert/strict';
import type { LayoutAnswer } from '#contract/http/catalogue.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { ConcertDate } from './load-concert.ts';
import type { Section } from './venue.ts';

const LAYOUT = statement(`/* catalogue.find-layout */
select l.name, l.seat_count as "seatCount", (
  select json_agg(
    json_build_object(
      'sectionNo', s.section_no, 'name', s.name, 'firstSeatNo', s.first_seat_no,
      'seatCount', s.seat_count, 'rowLength', s.row_length
    ) order by s.section_no
  )
  from catalogue.section s
  where s.layout_id = l.layout_id
) as sections
from catalogue.layout l
where l.layout_id = $1`);

export interface Layout {
  readonly name: string;
  readonly seatCount: number;
  readonly sections: readonly Section[];
}

/** Where the seats are. It never changes. */
export async function findLayout(reader: Reader, layoutId: number): Promise<Layout | undefined> {
  const [row] = await reader.rows<Layout & Record<string, unknown>>(LAYOUT, [layoutId]);
  return row;
}

/** The layout with what its seats cost on this date. */
export function priceLayout(layout: Layout, date: ConcertDate): LayoutAnswer {
  const { performanceId, layoutId, prices } = date;
  const priceOf = new Map(prices.map(({ sectionNo, priceKrw }) => [sectionNo, priceKrw]));
  const sections = layout.sections.map((section) => {
    const priceKrw = priceOf.get(section.sectionNo);
    assert(priceKrw !== undefined, 'every section of a performance has a price');
    return { ...section, priceKrw };
  });
  return { performanceId, layoutId, name: layout.name, seatCount: layout.seatCount, sections };
}
