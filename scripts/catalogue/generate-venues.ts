/** Houses from a small theatre to a stadium: made up, and divided as such houses are. */
import type { FileVenue } from './file.ts';
import type { Chance } from '../support/random.ts';

type Layout = FileVenue['layouts'][number];
type Section = Layout['sections'][number];

/** What a section is sold as, the dearest first. */
const TIERS = ['VIP', 'R', 'S', 'A'] as const;
export type Tier = (typeof TIERS)[number];

interface House {
  readonly kind: string;
  readonly key: string;
  readonly seatsMin: number;
  readonly seatsMax: number;
  readonly rowLength: number;
  /** Sections of each tier, and the share of the house that they have together, in percent. */
  readonly tiers: readonly (readonly [tier: Tier, sections: number, share: number])[];
}

export const SMALLEST_HOUSE = 300;
const HOUSES: readonly House[] = [
  {
    kind: '아트홀',
    key: 'art-hall',
    seatsMin: 800,
    seatsMax: 1_500,
    rowLength: 24,
    tiers: [
      ['VIP', 1, 20],
      ['R', 2, 40],
      ['S', 2, 40],
    ],
  },
  {
    kind: '스타디움',
    key: 'stadium',
    seatsMin: 40_000,
    seatsMax: 50_000,
    rowLength: 60,
    tiers: [
      ['VIP', 4, 12],
      ['R', 8, 24],
      ['S', 16, 34],
      ['A', 16, 30],
    ],
  },
  {
    kind: '콘서트홀',
    key: 'concert-hall',
    seatsMin: 1_800,
    seatsMax: 3_000,
    rowLength: 30,
    tiers: [
      ['VIP', 1, 15],
      ['R', 2, 35],
      ['S', 2, 30],
      ['A', 2, 20],
    ],
  },
  { kind: '소극장', key: 'theatre', seatsMin: 300, seatsMax: 500, rowLength: 20, tiers: [['R', 1, 100]] },
  {
    kind: '아레나',
    key: 'arena',
    seatsMin: 6_000,
    seatsMax: 15_000,
    rowLength: 40,
    tiers: [
      ['VIP', 2, 15],
      ['R', 4, 30],
      ['S', 8, 35],
      ['A', 8, 20],
    ],
  },
  {
    kind: '돔',
    key: 'dome',
    seatsMin: 18_000,
    seatsMax: 26_000,
    rowLength: 50,
    tiers: [
      ['VIP', 4, 15],
      ['R', 8, 30],
      ['S', 8, 30],
      ['A', 12, 25],
    ],
  },
];

const CITIES = [
  ['seoul', '서울'],
  ['busan', '부산'],
  ['daegu', '대구'],
  ['incheon', '인천'],
  ['gwangju', '광주'],
  ['daejeon', '대전'],
  ['ulsan', '울산'],
  ['jeju', '제주'],
  ['suwon', '수원'],
  ['jeonju', '전주'],
  ['changwon', '창원'],
] as const;

export const LAYOUT = '기본';

/** The venue of this number: every kind of house in turn, in every city. The mark is the end of its key. */
export function generateVenue(chance: Chance, index: number, mark: string): FileVenue {
  const house = HOUSES[index % HOUSES.length] ?? chance.oneOf(HOUSES);
  const [cityKey, city] = CITIES[index % CITIES.length] ?? chance.oneOf(CITIES);
  const round = Math.floor(index / (HOUSES.length * CITIES.length));
  const seatCount = chance.between(house.seatsMin / 10, house.seatsMax / 10) * 10;
  return {
    key: `${cityKey}-${house.key}${round === 0 ? '' : `-${round + 1}`}.${mark}`,
    name: `${city} 새빛${house.kind}${round === 0 ? '' : ` ${round + 1}관`}`,
    city,
    layouts: [{ name: LAYOUT, sections: sectionsOf(house, seatCount) }],
  };
}

function sectionsOf({ tiers, rowLength }: House, seatCount: number): Section[] {
  const shares = tiers.flatMap(([tier, sections, share]) =>
    Array.from({ length: sections }, (_, index) => ({
      name: sections === 1 ? `${tier}석` : `${tier}석 ${index + 1}구역`,
      share: share / sections,
    })),
  );
  let left = seatCount;
  return shares.map(({ name, share }, index) => {
    const isLast = index === shares.length - 1;
    const size = isLast ? left : Math.floor((seatCount * share) / 100);
    left -= size;
    return { name, seatCount: size, rowLength: Math.min(rowLength, size) };
  });
}

/** The house with only so many seats open, those in front: a layout of its own. */
export function openPartly({ sections }: Layout, seatCount: number): Layout {
  let left = seatCount;
  const open = sections.flatMap((section): Section[] => {
    const size = Math.min(section.seatCount, left);
    left -= size;
    return size === 0 ? [] : [{ ...section, seatCount: size, rowLength: Math.min(section.rowLength, size) }];
  });
  return { name: `부분 개방 ${seatCount}석`, sections: open };
}

export function tierOf(section: Section): Tier {
  return TIERS.find((tier) => section.name.startsWith(tier)) ?? 'R';
}
