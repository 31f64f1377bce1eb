/**
 * Venues of the demo catalogue. The sizes are published seat counts (where sources differ by a few seats, one of
 * them); how a house is divided into sections here is ours, and only sums up to that size. The club is made
 * up, as large as the hall in the write-ups that this service began with.
 */

/** What a section is sold as. */
export type Tier = 'VIP' | 'R' | 'S' | 'A';

export interface DemoSection {
  readonly name: string;
  readonly tier: Tier;
  readonly seatCount: number;
  readonly rowLength: number;
}

export interface DemoVenue {
  readonly name: string;
  readonly city: string;
  readonly seatCount: number;
  readonly sections: readonly DemoSection[];
}

function section(name: string, tier: Tier, seatCount: number, rowLength: number): DemoSection {
  return { name, tier, seatCount, rowLength };
}

export const demoVenues = {
  club: {
    name: '골목 소극장',
    city: '서울',
    seatCount: 50,
    sections: [section('전석', 'R', 50, 10)],
  },
  worldCupStadium: {
    name: '서울월드컵경기장',
    city: '서울',
    seatCount: 66_704,
    sections: [
      section('서측 1층', 'VIP', 9_000, 120),
      section('동측 1층', 'VIP', 9_000, 120),
      section('북측 1층', 'R', 8_000, 100),
      section('남측 1층', 'R', 8_000, 100),
      section('서측 2층', 'S', 9_500, 125),
      section('동측 2층', 'S', 9_500, 125),
      section('북측 2층', 'A', 6_852, 100),
      section('남측 2층', 'A', 6_852, 100),
    ],
  },
  asiadStadium: {
    name: '부산아시아드주경기장',
    city: '부산',
    seatCount: 53_769,
    sections: [
      section('서측 1층', 'VIP', 8_000, 100),
      section('동측 1층', 'R', 8_000, 100),
      section('북측 1층', 'R', 7_000, 100),
      section('남측 1층', 'R', 7_000, 100),
      section('서측 2층', 'S', 7_000, 100),
      section('동측 2층', 'S', 7_000, 100),
      section('북측 2층', 'A', 4_885, 90),
      section('남측 2층', 'A', 4_884, 90),
    ],
  },
  skyDome: {
    name: '고척스카이돔',
    city: '서울',
    seatCount: 16_744,
    sections: [
      section('1층 내야', 'VIP', 4_000, 80),
      section('2층 내야', 'R', 3_800, 76),
      section('3층 내야', 'S', 3_600, 72),
      section('4층 내야', 'A', 3_344, 76),
      section('외야', 'A', 2_000, 80),
    ],
  },
  sejongGrandTheater: {
    name: '세종문화회관 대극장',
    city: '서울',
    seatCount: 3_022,
    sections: [
      section('1층 앞', 'VIP', 600, 40),
      section('1층 뒤', 'R', 900, 45),
      section('2층', 'S', 822, 48),
      section('3층', 'A', 700, 50),
    ],
  },
  artsCenterConcertHall: {
    name: '예술의전당 콘서트홀',
    city: '서울',
    seatCount: 2_505,
    sections: [
      section('1층 중앙', 'VIP', 700, 28),
      section('1층 측면', 'R', 600, 24),
      section('2층', 'S', 605, 36),
      section('3층', 'A', 500, 40),
      section('합창석', 'A', 100, 25),
    ],
  },
  olympicHall: {
    name: '올림픽공원 올림픽홀',
    city: '서울',
    seatCount: 2_452,
    sections: [section('플로어', 'VIP', 600, 30), section('1층', 'R', 952, 34), section('2층', 'S', 900, 36)],
  },
  lotteConcertHall: {
    name: '롯데콘서트홀',
    city: '서울',
    seatCount: 2_036,
    sections: [
      section('1층 중앙', 'VIP', 500, 25),
      section('1층 측면', 'R', 536, 26),
      section('2층', 'S', 700, 35),
      section('합창석', 'A', 300, 30),
    ],
  },
  lgArtsCenter: {
    name: 'LG아트센터 서울',
    city: '서울',
    seatCount: 1_335,
    sections: [
      section('1층 앞', 'VIP', 400, 25),
      section('1층 뒤', 'R', 345, 23),
      section('2층', 'S', 330, 30),
      section('3층', 'A', 260, 26),
    ],
  },
} as const satisfies Record<string, DemoVenue>;

export type DemoVenueKey = keyof typeof demoVenues;
