/**
 * A catalogue of exactly so many seats, for trying things out at size. The same seed and the same first day give
 * the same file, byte for byte. Keys name the size and the seed that things follow from, and those of performances the
 * first day as well: files of other sizes, seeds and seasons go into one service beside each other.
 */
import { seatCountOf, seoulTime } from '../../server/src/catalogue/index.ts';
import { type CatalogueFile, type FilePerformance, type FileVenue, FORMAT, seatsOf } from './file.ts';
import { generateVenue, LAYOUT, openPartly, SMALLEST_HOUSE, type Tier, tierOf } from './generate-venues.ts';
import { type Chance, createChance } from '../support/random.ts';

export const SEATS_MIN = 10;
const SEATS_PER_VENUE = 50_000;
const VENUES_MAX = 40;
/** Dates are spread over so many days from the first one. */
const SEASON_DAYS = 300;

const MOODS = ['은하수', '봄밤', '새벽', '푸른 바다', '겨울', '달빛', '한여름', '도시의', '첫눈', '가을'];
const SHOWS = [
  ['재즈 나이트', '재즈'],
  ['교향악의 밤', '클래식'],
  ['록 페스티벌', '록'],
  ['인디 라이브', '인디'],
  ['오페라 갈라', '오페라'],
  ['국악 한마당', '국악'],
  ['영화음악 콘서트', '클래식'],
  ['일렉트로닉 나이트', 'Electronic'],
  ['합창제', '클래식'],
  ['뮤지컬 갈라', '뮤지컬'],
] as const;

export interface GenerateOptions {
  /** Over all performances, exactly. */
  readonly seats: number;
  readonly seed: number;
  /** The first day of the season, such as `2027-03-01`, as in Seoul. */
  readonly from: string;
}

export function generateCatalogue({ seats, seed, from }: GenerateOptions): CatalogueFile {
  const chance = createChance(seed);
  const venueCount = Math.min(VENUES_MAX, Math.ceil(seats / SEATS_PER_VENUE));
  const mark = `seats${seats}.seed${seed}`;
  const venues = Array.from({ length: venueCount }, (_, index) => generateVenue(chance, index, mark));
  const fromMs = Date.parse(`${from}T00:00:00+09:00`);

  const concerts: CatalogueFile['concerts'] = [];
  const performances: FilePerformance[] = [];
  let day = 0;
  let dates = 0;
  for (const { venue, layout } of divide(chance, venues, seats)) {
    // A concert of several evenings or several cities is one concert.
    if (concerts.length === 0 || dates === 4 || chance.percent(55)) {
      concerts.push(generateConcert(chance, concerts.length, mark));
      day = chance.between(0, SEASON_DAYS);
      dates = 0;
    }
    const concert = concerts.at(-1)?.key ?? '';
    dates += 1;
    performances.push({
      key: `${concert}.${from}-${dates}`,
      concert,
      venue: venue.key,
      layout: layout.name,
      room: 'main',
      ...datesOf(chance, fromMs, day + dates),
      seatsPerPerson: chance.oneOf([2, 4]),
      prices: pricesOf(chance, layout),
    });
  }
  return { format: FORMAT, venues, concerts, performances };
}

interface Use {
  readonly venue: FileVenue;
  readonly layout: FileVenue['layouts'][number];
}

/** Whole houses as long as they fit without leaving a handful over, then one that is open in part. */
function* divide(chance: Chance, venues: readonly FileVenue[], seats: number): Iterable<Use> {
  const sized = venues.map((venue) => ({ venue, size: seatsOf(venue.layouts, LAYOUT) }));
  const largest = Math.max(...sized.map(({ size }) => size));
  for (let left = seats; left > 0;) {
    const fitting = sized.filter(({ size }) => size === left || size <= left - SMALLEST_HOUSE);
    const size = left <= largest ? left : Math.ceil(left / 2);
    const use = fitting.length > 0 ? wholeHouse(chance.oneOf(fitting).venue) : partOf(sized, size);
    yield use;
    left -= seatCountOf(use.layout.sections);
  }
}

function wholeHouse(venue: FileVenue): Use {
  return { venue, layout: venue.layouts[0] ?? { name: LAYOUT, sections: [] } };
}

/** The smallest house that has so many, with only those open. */
function partOf(sized: readonly { venue: FileVenue; size: number }[], seatCount: number): Use {
  const [smallest] = sized.filter(({ size }) => size >= seatCount).toSorted((a, b) => a.size - b.size);
  const { venue, layout: whole } = wholeHouse(smallest?.venue ?? generateVenue(createChance(1), 0, ''));
  const layout = openPartly(whole, seatCount);
  const known = venue.layouts.find(({ name }) => name === layout.name);
  if (known === undefined) venue.layouts.push(layout);
  return { venue, layout };
}

function generateConcert(chance: Chance, index: number, mark: string): CatalogueFile['concerts'][number] {
  const [show, genre] = chance.oneOf(SHOWS);
  const title = `${chance.oneOf(MOODS)} ${show}`;
  const description = `${title}. 시험을 위해 만든 공연입니다.`;
  return { key: `c${String(index + 1).padStart(4, '0')}.${mark}`, title, description, genre };
}

function datesOf(chance: Chance, fromMs: number, day: number) {
  const startsAt = seoulTime(fromMs, day, chance.oneOf(['15:00', '18:00', '19:30', '20:00']));
  const saleOpensAt = seoulTime(fromMs, day - chance.between(20, 60), '20:00');
  return { startsAt, saleOpensAt, saleClosesAt: startsAt };
}

const SHARE_OF_VIP: Readonly<Record<Tier, number>> = { VIP: 100, R: 80, S: 60, A: 45 };

function pricesOf(chance: Chance, { sections }: Use['layout']): FilePerformance['prices'] {
  const vipKrw = chance.between(6, 20) * 10_000;
  return sections.map((section) => ({
    section: section.name,
    priceKrw: Math.round((vipKrw * SHARE_OF_VIP[tierOf(section)]) / 100_000) * 1_000,
  }));
}
