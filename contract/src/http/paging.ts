/** Keyset paging, the same for every list: `limit` items, and a `next` cursor that a client only hands back. */
import Type, { type Static } from 'typebox';
import { Instant, isInstant } from '../ids.ts';

const DEFAULT_ITEMS = 20;

/** Query parameters arrive as text and nothing is coerced, so the number is matched here and parsed in `pageOf`. */
export const PagingQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]+$',
        maxLength: 200,
        description: '`next` of the page before this one',
      }),
    ),
    limit: Type.Optional(
      Type.String({
        pattern: '^(?:[1-9][0-9]?|100)$',
        description: `most items to give, 1 to 100; ${DEFAULT_ITEMS} when absent`,
      }),
    ),
  },
  { additionalProperties: false },
);

/** The cursor of the next page, null when there is none. */
export const NextCursor = Type.Union([Type.String(), Type.Null()], {
  description: '`cursor` of the next page; null when this is the last one',
});

export interface Page {
  readonly limit: number;
  /** What `cursorOf` was given; undefined for the first page. Anybody can make a cursor up, so check it. */
  readonly after: unknown;
}

export function pageOf(query: Static<typeof PagingQuery>): Page {
  const limit = query.limit === undefined ? DEFAULT_ITEMS : Number(query.limit);
  return { limit, after: query.cursor === undefined ? undefined : readCursor(query.cursor) };
}

/** What a cursor stands for: the values that the list is ordered by, of the last item that was given. */
type Position = readonly (string | number)[];

/** An instant of a position. Positions come in as one opaque text, so the schema of no route checks them. */
export const InstantOfPosition = Type.Refine(Instant, isInstant);

/**
 * The page, of what was found by asking for one item more than the page may have: only that one tells that
 * there is a next page, when this one is full.
 */
export function pageFrom<Item>(
  found: readonly Item[],
  limit: number,
  positionAt: (last: Item) => Position,
): { readonly items: Item[]; readonly next: string | null } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? cursorOf(positionAt(last)) : null };
}

/** A position in a list, as text for a URL. */
export function cursorOf(position: Position): string {
  const bytes = new TextEncoder().encode(JSON.stringify(position));
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
}

/** Null for what no `cursorOf` gave. */
function readCursor(cursor: string): unknown {
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: 'base64url' });
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return null;
  }
}
