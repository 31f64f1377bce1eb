/** Concerts, their performances and where they take place. */
import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import { ConcertId, Instant, LayoutId, PerformanceId, RoomName, SeatNo, VenueId } from '../ids.ts';
import { PriceKrw } from '../money.ts';
import { NextCursor, PagingQuery } from './paging.ts';
import { SEATS_PER_HOLD_MAX } from './seats.ts';

/** Bounds of one venue: enough for the blocks of a stadium, small enough to answer in one piece. */
const SECTIONS_PER_LAYOUT_MAX = 200;
const LAYOUTS_PER_VENUE_MAX = 10;
export const SEATS_PER_LAYOUT_MAX = 200_000;

const object = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
const orNull = <T extends TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

/** One line of text in any script: no control characters, no halves of characters, no blanks at its ends. */
function line(maxLength: number, description: string) {
  return Type.String({
    pattern: '^[^\\p{Cc}\\p{Cs}\\s](?:[^\\p{Cc}\\p{Cs}]*[^\\p{Cc}\\p{Cs}\\s])?$',
    maxLength,
    description,
  });
}

const Name = line(100, 'name');
const Title = line(200, 'title');
const Genre = line(40, 'genre');
const Description = Type.String({
  pattern: '^[^\\p{Cs}\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*$',
  maxLength: 4_000,
  description: 'text of several lines; no control characters but line feeds and tabs',
});
const SectionNo = Type.Integer({
  minimum: 1,
  maximum: SECTIONS_PER_LAYOUT_MAX,
  description: 'section of the layout',
});
const SeatsPerPerson = Type.Integer({
  minimum: 1,
  maximum: SEATS_PER_HOLD_MAX,
  description: 'most seats of this performance that one person may have',
});

// what the public reads

export const ConcertQuery = Type.Object(
  {
    ...PagingQuery.properties,
    month: Type.Optional(
      Type.String({
        pattern: '^[12][0-9]{3}-(?:0[1-9]|1[0-2])$',
        maxLength: 7,
        description:
          'concerts with a performance in this month, in Korean time; without it, with one still to come',
      }),
    ),
    q: Type.Optional(
      Type.String({
        pattern: '^[^\\p{Cc}\\p{Cs}]+$',
        maxLength: 100,
        description: 'part of the title, upper or lower case',
      }),
    ),
  },
  { additionalProperties: false },
);

const concertSummary = {
  concertId: ConcertId,
  title: Title,
  genre: Genre,
  nextPerformanceAt: orNull(Instant, 'first of the performances meant here that is still to come'),
  venues: Type.Array(Name, { description: 'venues of the performances meant here' }),
  fromPriceKrw: orNull(PriceKrw, 'lowest price of the performances meant here'),
};
export const ConcertSummary = object(concertSummary);
export type ConcertSummary = Static<typeof ConcertSummary>;

export const ConcertList = object({ concerts: Type.Array(ConcertSummary), next: NextCursor });

export const ConcertAnswer = object({ ...concertSummary, description: Description, createdAt: Instant });
export type ConcertAnswer = Static<typeof ConcertAnswer>;

const SectionPrice = object({ sectionNo: SectionNo, section: Name, priceKrw: PriceKrw });

const performance = {
  performanceId: PerformanceId,
  concertId: ConcertId,
  title: Title,
  startsAt: Instant,
  saleOpensAt: Instant,
  saleClosesAt: Instant,
  venue: object({ venueId: VenueId, name: Name, city: Name }),
  room: RoomName,
  seatsPerPerson: SeatsPerPerson,
  seatCount: SeatNo,
  prices: Type.Array(SectionPrice, { minItems: 1 }),
};
/** A performance as the catalogue knows it: everything but what is left of it. */
export const Performance = object(performance);
export type Performance = Static<typeof Performance>;

export const PerformanceAnswer = object({
  ...performance,
  remaining: orNull(
    Type.Integer({ minimum: 0 }),
    'free seats; null for a moment until they are laid out and counted',
  ),
  remainingByPrice: orNull(
    Type.Array(object({ priceKrw: PriceKrw, remaining: Type.Integer({ minimum: 0 }) })),
    'free seats of each price, the lowest price first',
  ),
});
export type PerformanceAnswer = Static<typeof PerformanceAnswer>;

export const PerformanceList = object({ performances: Type.Array(PerformanceAnswer), next: NextCursor });

const section = {
  sectionNo: SectionNo,
  name: Name,
  firstSeatNo: SeatNo,
  seatCount: SeatNo,
  rowLength: Type.Integer({ minimum: 1, description: 'seats in a row; rows are numbered from 1' }),
};

export const LayoutAnswer = object({
  performanceId: PerformanceId,
  layoutId: LayoutId,
  name: Name,
  seatCount: SeatNo,
  sections: Type.Array(object({ ...section, priceKrw: PriceKrw }), { minItems: 1 }),
});
export type LayoutAnswer = Static<typeof LayoutAnswer>;

// what the operator sets up

export const VenueBody = object({
  name: Name,
  city: Name,
  address: Type.Optional(line(200, 'address')),
  layouts: Type.Array(
    object({
      name: Name,
      sections: Type.Array(
        object({
          name: Name,
          seatCount: SeatNo,
          rowLength: Type.Integer({
            minimum: 1,
            maximum: SEATS_PER_LAYOUT_MAX,
            description: 'seats in a row',
          }),
        }),
        {
          minItems: 1,
          maxItems: SECTIONS_PER_LAYOUT_MAX,
          description: 'seats are numbered from 1 through all sections, in this order',
        },
      ),
    }),
    { minItems: 1, maxItems: LAYOUTS_PER_VENUE_MAX },
  ),
});
export type VenueBody = Static<typeof VenueBody>;

export const VenueAnswer = object({
  venueId: VenueId,
  name: Name,
  city: Name,
  address: orNull(Type.String(), 'address'),
  layouts: Type.Array(
    object({ layoutId: LayoutId, name: Name, seatCount: SeatNo, sections: Type.Array(object(section)) }),
  ),
});
export type VenueAnswer = Static<typeof VenueAnswer>;

export const VenueList = object({ venues: Type.Array(VenueAnswer), next: NextCursor });

export const ConcertBody = object({ title: Title, description: Description, genre: Genre });
export type ConcertBody = Static<typeof ConcertBody>;

/** What is left out stays as it is. */
export const ConcertChange = Type.Object(
  { title: Type.Optional(Title), description: Type.Optional(Description), genre: Type.Optional(Genre) },
  { additionalProperties: false, minProperties: 1 },
);
export type ConcertChange = Static<typeof ConcertChange>;

/** A concert as the operator has announced it. */
export const ConcertEntry = object({ concertId: ConcertId, ...ConcertBody.properties, createdAt: Instant });
export type ConcertEntry = Static<typeof ConcertEntry>;

export const PerformanceBody = object({
  concertId: ConcertId,
  layoutId: LayoutId,
  room: RoomName,
  startsAt: Instant,
  saleOpensAt: Instant,
  saleClosesAt: Instant,
  seatsPerPerson: SeatsPerPerson,
  prices: Type.Array(object({ section: Name, priceKrw: PriceKrw }), {
    minItems: 1,
    maxItems: SECTIONS_PER_LAYOUT_MAX,
    description: 'exactly one for each section of the layout, by its name',
  }),
});
export type PerformanceBody = Static<typeof PerformanceBody>;
