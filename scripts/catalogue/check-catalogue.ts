/**
 * Whether a file can be imported: all of what is wrong with it, found before anything is sent. What the service
 * decides about a venue or a performance is decided here by the service's own rules.
 */
import type { FieldError, Refusal } from '#contract/problems.ts';
import { numberSections, priceSections, refuseDates, refuseVenue } from '../../server/src/catalogue/index.ts';
import { type CatalogueFile, CatalogueFile as Schema, FORMAT, SEATS_PER_FILE_MAX, seatsOf } from './file.ts';
import type { FileProblem } from './read-file.ts';
import { schemaProblems } from './schema-problems.ts';

export type Checked = { readonly catalogue: CatalogueFile } | { readonly problems: readonly FileProblem[] };

export function checkCatalogue(value: unknown): Checked {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  // What another version means by its fields is not ours to guess.
  if (format !== FORMAT) {
    return { problems: [{ path: '/format', message: `must be "${FORMAT}"; this program reads no other` }] };
  }
  const shape = schemaProblems(Schema, value);
  if (shape.length > 0) return { problems: shape };

  const catalogue = value as CatalogueFile;
  const problems = [
    ...repeatedKeys(catalogue),
    ...catalogue.venues.flatMap((venue, index) => ofRefusal(refuseVenue(venue), `/venues/${index}`)),
    ...performanceProblems(catalogue),
  ];
  return problems.length > 0 ? { problems } : { catalogue };
}

function repeatedKeys(catalogue: CatalogueFile): FileProblem[] {
  return (['venues', 'concerts', 'performances'] as const).flatMap((kind) => {
    const firstAt = new Map<string, number>();
    return catalogue[kind].flatMap(({ key }, index): FileProblem[] => {
      const first = firstAt.get(key);
      if (first === undefined) firstAt.set(key, index);
      return first === undefined
        ? []
        : [
            {
              path: `/${kind}/${index}/key`,
              message: `is the key of /${kind}/${first}; give it another one`,
            },
          ];
    });
  });
}

function performanceProblems({ venues, concerts, performances }: CatalogueFile): FileProblem[] {
  const venueOf = new Map(venues.map((venue) => [venue.key, venue]));
  const concertKeys = new Set(concerts.map((concert) => concert.key));
  let seats = 0;
  const problems = performances.flatMap((performance, index): FileProblem[] => {
    const path = `/performances/${index}`;
    const found: FileProblem[] = ofRefusal(refuseDates(performance), path);
    if (!concertKeys.has(performance.concert)) {
      found.push({
        path: `${path}/concert`,
        message: `no concert of this file has the key "${performance.concert}"`,
      });
    }
    const venue = venueOf.get(performance.venue);
    if (venue === undefined) {
      found.push({
        path: `${path}/venue`,
        message: `no venue of this file has the key "${performance.venue}"`,
      });
      return found;
    }
    const layout = venue.layouts.find(({ name }) => name === performance.layout);
    if (layout === undefined) {
      const names = venue.layouts.map(({ name }) => `"${name}"`).join(', ');
      found.push({ path: `${path}/layout`, message: `is no layout of that venue; it has ${names}` });
      return found;
    }
    seats += seatsOf(venue.layouts, layout.name);
    const priced = priceSections(performance.prices, numberSections(layout.sections));
    if (priced.outcome === 'refused') found.push(...pricesRefused(priced, performance.prices, path));
    return found;
  });
  if (seats > SEATS_PER_FILE_MAX) {
    const message = `have ${seats} seats, the most of one file is ${SEATS_PER_FILE_MAX}; divide it`;
    problems.push({ path: '/performances', message });
  }
  return problems;
}

interface PriceMismatch {
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
  readonly repeated: readonly string[];
}

function pricesRefused(
  refusal: Refusal,
  prices: readonly { readonly section: string }[],
  path: string,
): FileProblem[] {
  const { missing, unknown, repeated } = refusal.extra as unknown as PriceMismatch;
  const at = (section: string, last: boolean) => {
    const found = last
      ? prices.findLastIndex((price) => price.section === section)
      : prices.findIndex((price) => price.section === section);
    return `${path}/prices/${found}/section`;
  };
  return [
    ...missing.map((name) => ({ path: `${path}/prices`, message: `have none for the section "${name}"` })),
    ...unknown.map((name) => ({ path: at(name, false), message: 'is no section of that layout' })),
    ...repeated.map((name) => ({ path: at(name, true), message: 'has a price already; remove one of them' })),
  ];
}

/** A refusal of the service's rules, as problems of the part of the file that it is about. */
function ofRefusal(refusal: Refusal | undefined, path: string): FileProblem[] {
  if (refusal === undefined) return [];
  const { errors, unreal } = (refusal.extra ?? {}) as { errors?: FieldError[]; unreal?: string[] };
  if (errors !== undefined) {
    return errors.map((error) => ({ path: `${path}${error.path}`, message: error.message }));
  }
  if (unreal !== undefined) {
    return unreal.map((name) => ({
      path: `${path}/${name}`,
      message: 'is no date that there is, or long ago',
    }));
  }
  const message = 'the sale opens before it closes, and closes no later than the performance starts';
  return [{ path, message }];
}
