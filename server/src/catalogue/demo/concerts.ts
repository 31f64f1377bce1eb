/** Concerts of the demo catalogue: all of them made up, dates relative to the day on which they are loaded. */
import type { DemoVenueKey, Tier } from './venues.ts';

export interface DemoPerformance {
  readonly venue: DemoVenueKey;
  /** Days from the day of loading, and the time of the evening, both as in Seoul. */
  readonly inDays: number;
  readonly at: string;
  /** The sale opens at 20:00 on that day; without it, it is open from the start. */
  readonly saleOpensInDays?: number;
}

export interface DemoConcert {
  readonly title: string;
  readonly genre: string;
  readonly description: string;
  readonly seatsPerPerson: number;
  readonly pricesKrw: Readonly<Partial<Record<Tier, number>>>;
  readonly performances: readonly DemoPerformance[];
}

export const demoConcerts: readonly DemoConcert[] = [
  {
    title: '은하수 스타디움 라이브',
    genre: 'K-POP',
    description: '하룻밤, 스타디움 전체가 하나의 무대가 됩니다.',
    seatsPerPerson: 4,
    pricesKrw: { VIP: 198_000, R: 165_000, S: 143_000, A: 110_000 },
    performances: [{ venue: 'worldCupStadium', inDays: 62, at: '19:00' }],
  },
  {
    title: '바다의 노래 페스티벌',
    genre: '페스티벌',
    description: '항구 도시의 저녁 바람과 함께하는 대형 야외 공연.',
    seatsPerPerson: 4,
    pricesKrw: { VIP: 176_000, R: 154_000, S: 132_000, A: 99_000 },
    performances: [{ venue: 'asiadStadium', inDays: 83, at: '18:00' }],
  },
  {
    title: 'Dome Lights',
    genre: 'Electronic',
    description: 'Three hours of light and sound under one roof. 예매는 곧 시작됩니다.',
    seatsPerPerson: 2,
    pricesKrw: { VIP: 187_000, R: 154_000, S: 132_000, A: 99_000 },
    performances: [{ venue: 'skyDome', inDays: 48, at: '18:00', saleOpensInDays: 7 }],
  },
  {
    title: '교향악의 밤',
    genre: '클래식',
    description: '두 홀에서 만나는 오케스트라의 큰 울림.',
    seatsPerPerson: 4,
    pricesKrw: { VIP: 150_000, R: 120_000, S: 80_000, A: 40_000 },
    performances: [
      { venue: 'artsCenterConcertHall', inDays: 24, at: '19:30' },
      { venue: 'lotteConcertHall', inDays: 31, at: '19:30' },
    ],
  },
  {
    title: '국악의 새 물결',
    genre: '국악',
    description: '전통 악기와 오늘의 소리가 만나는 무대.',
    seatsPerPerson: 4,
    pricesKrw: { VIP: 100_000, R: 80_000, S: 60_000, A: 30_000 },
    performances: [{ venue: 'sejongGrandTheater', inDays: 38, at: '19:30' }],
  },
  {
    title: '앙코르 록 콘서트',
    genre: 'Rock',
    description: '처음부터 끝까지 앉을 틈이 없는 두 시간.',
    seatsPerPerson: 4,
    pricesKrw: { VIP: 143_000, R: 121_000, S: 99_000 },
    performances: [{ venue: 'olympicHall', inDays: 20, at: '19:00' }],
  },
  {
    title: '영화음악 콘서트',
    genre: '영화음악',
    description: '스크린의 순간들을 오케스트라로 다시 듣습니다.',
    seatsPerPerson: 4,
    pricesKrw: { VIP: 110_000, R: 90_000, S: 70_000, A: 50_000 },
    performances: [
      { venue: 'lgArtsCenter', inDays: 13, at: '19:30' },
      { venue: 'lgArtsCenter', inDays: 14, at: '19:30' },
    ],
  },
  {
    title: '어쿠스틱 저녁',
    genre: '포크',
    description: '기타 하나, 목소리 하나.',
    seatsPerPerson: 2,
    pricesKrw: { R: 40_000 },
    performances: [
      { venue: 'club', inDays: 5, at: '19:00' },
      { venue: 'club', inDays: 12, at: '19:00' },
      { venue: 'club', inDays: 19, at: '19:00' },
      { venue: 'club', inDays: 26, at: '19:00' },
    ],
  },
  {
    // What the README's walk buys: spread over months, so that it works on data that are not new.
    title: 'Indie Night at the Club',
    genre: 'Indie',
    description: 'Four bands, fifty seats. 50석, 네 팀의 밤.',
    seatsPerPerson: 2,
    pricesKrw: { R: 35_000 },
    performances: [
      { venue: 'club', inDays: 3, at: '20:00' },
      { venue: 'club', inDays: 10, at: '20:00' },
      { venue: 'club', inDays: 24, at: '20:00' },
      { venue: 'club', inDays: 52, at: '20:00' },
      { venue: 'club', inDays: 80, at: '20:00' },
      { venue: 'club', inDays: 108, at: '20:00' },
      { venue: 'club', inDays: 136, at: '20:00' },
      { venue: 'club', inDays: 164, at: '20:00' },
    ],
  },
  {
    title: '골목 재즈',
    genre: '재즈',
    description: '작은 무대에서 듣는 재즈 트리오.',
    seatsPerPerson: 4,
    pricesKrw: { R: 50_000 },
    performances: [
      { venue: 'club', inDays: 1, at: '20:00' },
      { venue: 'club', inDays: 8, at: '20:00' },
      { venue: 'club', inDays: 15, at: '20:00' },
      { venue: 'club', inDays: 22, at: '20:00' },
    ],
  },
];
