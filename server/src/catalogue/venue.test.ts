import { SEATS_PER_LAYOUT_MAX, type VenueBody } from '#contract/http/catalogue.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberSections, refuseVenue, seatCountOf } from './venue.ts';

const section = (name: string, seatCount: number, rowLength = 1) => ({ name, seatCount, rowLength });
const venue = (...layouts: VenueBody['layouts']): VenueBody => ({ name: '소극장', city: '서울', layouts });

describe('numbering', () => {
  test('goes on from section to section', () => {
    expect(numberSections([section('R', 20), section('S', 30)])).toEqual([
      { sectionNo: 1, name: 'R', firstSeatNo: 1, seatCount: 20, rowLength: 1 },
      { sectionNo: 2, name: 'S', firstSeatNo: 21, seatCount: 30, rowLength: 1 },
    ]);
  });

  test('gives every number from 1 to the size to exactly one seat', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, (counts) => {
        const sections = numberSections(counts.map((count, index) => section(`${index}`, count)));
        const numbers = sections.flatMap(({ firstSeatNo, seatCount }) =>
          Array.from({ length: seatCount }, (_, index) => firstSeatNo + index),
        );
        expect(numbers).toEqual(Array.from({ length: seatCountOf(sections) }, (_, index) => index + 1));
      }),
    );
  });
});

describe('a venue is refused', () => {
  test('never when its layouts make sense', () => {
    const layouts = [
      { name: '기본', sections: [section('R', 20, 20), section('S', 30, 10)] },
      { name: '스탠딩', sections: [section('R', SEATS_PER_LAYOUT_MAX)] },
    ];
    expect(refuseVenue(venue(...layouts))).toBeUndefined();
  });

  test.each<[string, VenueBody, string]>([
    [
      'for two layouts of one name',
      venue({ name: 'A', sections: [section('R', 1)] }, { name: 'A', sections: [section('R', 1)] }),
      '/layouts/1/name',
    ],
    [
      'for two sections of one name',
      venue({ name: 'A', sections: [section('R', 1), section('S', 1), section('R', 1)] }),
      '/layouts/0/sections/2/name',
    ],
    [
      'for a row that is longer than its section',
      venue({ name: 'A', sections: [section('R', 10, 11)] }),
      '/layouts/0/sections/0/rowLength',
    ],
    [
      'for more seats than a layout may have',
      venue({ name: 'A', sections: [section('R', SEATS_PER_LAYOUT_MAX), section('S', 1)] }),
      '/layouts/0/sections',
    ],
  ])('%s', (_, body, path) => {
    expect(refuseVenue(body)).toMatchObject({ problem: 'request.invalid', extra: { errors: [{ path }] } });
  });
});
