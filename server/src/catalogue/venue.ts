/** Venues and their layouts: how seats are numbered, and which layouts make no sense. */
import { SEATS_PER_LAYOUT_MAX, type VenueBody } from '#contract/http/catalogue.ts';
import { type FieldError, invalid, type Refusal } from '#contract/problems.ts';

export interface Section {
  readonly sectionNo: number;
  readonly name: string;
  readonly firstSeatNo: number;
  readonly seatCount: number;
  readonly rowLength: number;
}

type SectionBody = VenueBody['layouts'][number]['sections'][number];

/** Numbers the sections, and their seats from 1 through all of them, in the order given. */
export function numberSections(sections: readonly SectionBody[]): Section[] {
  let firstSeatNo = 1;
  return sections.map((section, index) => {
    const numbered = { ...section, sectionNo: index + 1, firstSeatNo };
    firstSeatNo += section.seatCount;
    return numbered;
  });
}

export function seatCountOf(sections: readonly { readonly seatCount: number }[]): number {
  return sections.reduce((sum, section) => sum + section.seatCount, 0);
}

/** What a schema cannot say of a venue: sums, rows and names that are given twice. */
export function refuseVenue(venue: VenueBody): Refusal | undefined {
  const errors = [
    ...repeatedNames(venue.layouts, '/layouts'),
    ...venue.layouts.flatMap((layout, index) => {
      const path = `/layouts/${index}/sections`;
      return [...repeatedNames(layout.sections, path), ...oversized(layout.sections, path)];
    }),
  ];
  return errors.length === 0 ? undefined : invalid(...errors);
}

function repeatedNames(named: readonly { readonly name: string }[], path: string): FieldError[] {
  const seen = new Set<string>();
  return named.flatMap(({ name }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ in: 'body', path: `${path}/${index}/name`, message: 'is the name of another one' }];
  });
}

function oversized(sections: readonly SectionBody[], path: string): FieldError[] {
  const errors = sections.flatMap((section, index): FieldError[] =>
    section.rowLength > section.seatCount
      ? [
          {
            in: 'body',
            path: `${path}/${index}/rowLength`,
            message: 'a row has no more seats than its section',
          },
        ]
      : [],
  );
  const seatCount = seatCountOf(sections);
  if (seatCount > SEATS_PER_LAYOUT_MAX) {
    errors.push({ in: 'body', path, message: `${seatCount} seats, the most is ${SEATS_PER_LAYOUT_MAX}` });
  }
  return errors;
}
