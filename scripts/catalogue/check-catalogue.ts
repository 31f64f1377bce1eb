/**
 * Whether a file can be imported: all of what is wrong with it, found at once and before anything is sent. What the
 * service decides about a venue or a performance is decided here by the service's own rules.
 */
import type { FieldError, Refusal } from '#contract/problems.ts';
import { numberSections, priceSections, refuseDates, refuseVenue } from '../../server/src/catalogue/index.ts';
import {
  type CatalogueFile,
  CatalogueFile as Schema,
  type FilePerformance,
  type FileVenue,
  FORMAT,
  SEATS_PER_FILE_MAX,
  seatsOf,
} from './file.ts';
import { type FileProblem, type Problems, tally } from './problems.ts';
import { problemsBy } from './schema-problems.ts';
import { isStandIn, withStandIns } from './stand-ins.ts';

export type Checked = { readonly catalogue: CatalogueFile } | Problems;

/** With what is known to be wrong with the file already. */
export function checkCatalogue(value: unknown, known: Iterable<FileProblem> = []): Checked {
  const found = tally(allProblems(value, known));
  return found.problems.length > 0 ? found : { catalogue: value as CatalogueFile };
}

function* allProblems(value: unknown, known: Iterable<FileProblem>): Generator<FileProblem> {
  yield* known;
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  // What another version means by its fields is not ours to guess.
  if (format !== FORMAT) {
    yield { path: '/format', message: `must be "${FORMAT}"; this program reads no other` };
    return;
  }
  const malformed = new Set<string>();
  for (const problem of problemsBy(Schema)(value)) {
    malformed.add(problem.path);
    yield problem;
  }
  const catalogue = withStandIns(value, malformed);
  yield* repeatedKeys(catalogue);
  for (const [index, venue] of catalogue.venues.entries()) {
    yield* ofRefusal(refuseVenue(venue), `/venues/${index}`);
  }
  yield* performanceProblems(catalogue);
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
  const unknownConcerts = unknownOf(
    performances.map(({ concert }) => concert),
    keysOf(concerts),
  );
  const unknownVenues = unknownOf(
    performances.map(({ venue }) => venue),
    keysOf(venues),
  );
  let seats = 0;
  const problems = performances.flatMap((performance, index): FileProblem[] => {
    const path = `/performances/${index}`;
    const found: FileProblem[] = datesRefused(performance, path);
    if (unknownConcerts.has(performance.concert)) {
      const message = `no concert of this file has the key "${performance.concert}"`;
      found.push({ path: `${path}/concert`, message });
    }
    if (unknownVenues.has(performance.venue)) {
      const message = `no venue of this file has the key "${performance.venue}"`;
      found.push({ path: `${path}/venue`, message });
    }
    const { layouts = [] } = venueOf.get(performance.venue) ?? {};
    const names = layouts.map(({ name }) => name);
    if (names.length > 0 && unknownOf([performance.layout], names).size > 0) {
      const listed = names.map((name) => `"${name}"`).join(', ');
      found.push({ path: `${path}/layout`, message: `is no layout of that venue; it has ${listed}` });
    }
    const { sections = [] } = layouts.find(({ name }) => name === performance.layout) ?? {};
    seats += seatsOf(layouts, performance.layout);
    found.push(...pricesRefused(performance.prices, sections, path));
    return found;
  });
  if (seats > SEATS_PER_FILE_MAX) {
    const message = `have ${seats} seats, the most of one file is ${SEATS_PER_FILE_MAX}; divide it`;
    problems.push({ path: '/performances', message });
  }
  return problems;
}

const keysOf = (entries: readonly { readonly key: string }[]) => entries.map(({ key }) => key);

/**
 * Those that are not among the known ones. A malformed name may be the one that is missed: it is listed itself, so
 * nothing is said of as many unknown names as there are malformed ones.
 */
function unknownOf(names: readonly string[], known: readonly string[]): ReadonlySet<string> {
  const unknown = new Set(names).difference(new Set(known));
  for (const name of unknown) if (isStandIn(name)) unknown.delete(name);
  return unknown.size > known.filter(isStandIn).length ? unknown : new Set();
}

/** A malformed date has been listed, and no order of the others follows from it. */
function datesRefused(performance: FilePerformance, path: string): FileProblem[] {
  const { startsAt, saleOpensAt, saleClosesAt } = performance;
  const malformed = Object.entries({ startsAt, saleOpensAt, saleClosesAt }).filter(([, at]) => isStandIn(at));
  const listed = new Set(malformed.map(([name]) => `${path}/${name}`));
  return ofRefusal(refuseDates(performance), path).filter((problem) => !listed.has(problem.path));
}

interface PriceMismatch {
  readonly repeated: readonly string[];
}

function pricesRefused(
  prices: FilePerformance['prices'],
  sections: FileVenue['layouts'][number]['sections'],
  path: string,
): FileProblem[] {
  // A list that is empty, or none, has been listed itself.
  if (prices.length === 0 || sections.length === 0) return [];
  const priced = priceSections(prices, numberSections(sections));
  if (priced.outcome !== 'refused') return [];
  const { repeated } = priced.extra as unknown as PriceMismatch;
  const given = prices.map(({ section }) => section);
  const names = sections.map(({ name }) => name);
  const at = (position: number) => `${path}/prices/${position}/section`;
  return [
    ...[...unknownOf(names, given)].map((name) => ({
      path: `${path}/prices`,
      message: `have none for the section "${name}"`,
    })),
    ...[...unknownOf(given, names)].map((name) => ({
      path: at(given.indexOf(name)),
      message: 'is no section of that layout',
    })),
    ...repeated.map((name) => ({
      path: at(given.lastIndexOf(name)),
      message: 'has a price already; remove one of them',
    })),
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
