/**
 * A malformed file as its rules can read it: whatever does not fit the format is replaced by a stand-in that no rule
 * objects to. So everything that does fit is looked at where it stands, and no mistake hides another one.
 */
import { type CatalogueFile, type FilePerformance, type FileVenue, FORMAT } from './file.ts';

/** No text of the format has a NUL character. */
const STAND_IN = '\0';

export function isStandIn(text: string): boolean {
  return text.startsWith(STAND_IN);
}

/**
 * The value with stand-ins at the malformed paths, and wherever something is not of its type. Of a list that is too
 * long itself nothing is left: no rule is made for so many.
 */
export function withStandIns(value: unknown, malformed: ReadonlySet<string>): CatalogueFile {
  const file = asObject(value);
  // Every stand-in is another one: two of them are no repetition.
  const text = (path: string, given: unknown) =>
    typeof given === 'string' && !malformed.has(path) ? given : `${STAND_IN}${path}`;
  const whole = (path: string, given: unknown) =>
    typeof given === 'number' && !malformed.has(path) ? given : undefined;

  const entriesOf = <Entry>(list: unknown, path: string, read: (path: string, entry: Fields) => Entry) =>
    Array.isArray(list) && !malformed.has(path)
      ? list.map((entry: unknown, index) => read(`${path}/${index}`, asObject(entry)))
      : [];

  function layoutOf(path: string, given: Fields): FileVenue['layouts'][number] {
    const sections = entriesOf(given['sections'], `${path}/sections`, (at, section) => {
      const seatCount = whole(`${at}/seatCount`, section['seatCount']) ?? 0;
      const rowLength = whole(`${at}/rowLength`, section['rowLength']) ?? 0;
      // A row is too long only for a number of seats that is known.
      return { name: text(`${at}/name`, section['name']), seatCount, rowLength: seatCount && rowLength };
    });
    return { name: text(`${path}/name`, given['name']), sections };
  }

  function performanceOf(path: string, given: Fields): FilePerformance {
    const field = (name: string) => text(`${path}/${name}`, given[name]);
    // Where there is no list, nobody can say that something is not in it.
    const keyOf = (name: string, list: unknown) => (Array.isArray(list) ? field(name) : STAND_IN);
    return {
      key: field('key'),
      concert: keyOf('concert', file['concerts']),
      venue: keyOf('venue', file['venues']),
      layout: field('layout'),
      room: '',
      startsAt: field('startsAt'),
      saleOpensAt: field('saleOpensAt'),
      saleClosesAt: field('saleClosesAt'),
      seatsPerPerson: 1,
      prices: entriesOf(given['prices'], `${path}/prices`, (at, price) => ({
        section: text(`${at}/section`, price['section']),
        priceKrw: 0,
      })),
    };
  }

  return {
    format: FORMAT,
    venues: entriesOf(file['venues'], '/venues', (path, venue) => ({
      key: text(`${path}/key`, venue['key']),
      name: '',
      city: '',
      layouts: entriesOf(venue['layouts'], `${path}/layouts`, layoutOf),
    })),
    concerts: entriesOf(file['concerts'], '/concerts', (path, concert) => ({
      key: text(`${path}/key`, concert['key']),
      title: '',
      description: '',
      genre: '',
    })),
    performances: entriesOf(file['performances'], '/performances', performanceOf),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
