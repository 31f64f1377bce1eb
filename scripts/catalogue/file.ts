/** The format `frontrow-catalogue/1`: a catalogue in one file. docs/catalogue-file.md describes it. */
import { ConcertBody, PerformanceBody, VenueBody } from '#contract/http/catalogue.ts';
import Type, { type Static } from 'typebox';
import { seatCountOf } from '../../server/src/catalogue/index.ts';

export const FORMAT = 'frontrow-catalogue/1';
/** As many as an import takes at a time; the service has no such bound. */
export const SEATS_PER_FILE_MAX = 2_000_000;
export const FILE_BYTES_MAX = 64 * 1024 * 1024;

/** Names a thing for as long as it lives: what is imported again under its key is the same thing. */
const Key = Type.String({
  pattern: '^[0-9A-Za-z](?:[0-9A-Za-z._-]*[0-9A-Za-z])?$',
  maxLength: 64,
  description: 'a key: letters, digits and . _ - between them',
});

const { concertId: _concertId, layoutId: _layoutId, ...performance } = PerformanceBody.properties;
const closed = { additionalProperties: false };

export const CatalogueFile = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'for editors: where this schema is' })),
    format: Type.Literal(FORMAT),
    venues: Type.Array(Type.Object({ key: Key, ...VenueBody.properties }, closed)),
    concerts: Type.Array(Type.Object({ key: Key, ...ConcertBody.properties }, closed)),
    performances: Type.Array(
      Type.Object(
        {
          key: Key,
          concert: Type.String({ description: 'key of a concert of this file' }),
          venue: Type.String({ description: 'key of a venue of this file' }),
          layout: Type.String({ description: 'name of a layout of that venue' }),
          ...performance,
        },
        closed,
      ),
    ),
  },
  {
    ...closed,
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A catalogue for `npm run import`',
  },
);
export type CatalogueFile = Static<typeof CatalogueFile>;
export type FileVenue = CatalogueFile['venues'][number];
export type FilePerformance = CatalogueFile['performances'][number];

/** Every kind of thing in a file, in the order in which they are made: each needs those before it. */
export const KINDS = ['venues', 'concerts', 'performances'] as const;
export type Kind = (typeof KINDS)[number];

/** How many seats a performance has at the layout of this name. */
export function seatsOf(layouts: FileVenue['layouts'], name: string): number {
  return seatCountOf(layouts.find((layout) => layout.name === name)?.sections ?? []);
}
