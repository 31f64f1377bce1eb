/** Identifiers as they appear in URLs, bodies and events. */
import Type, { type Static } from 'typebox';

const UUID_PATTERN = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
const UUID = new RegExp(UUID_PATTERN);

/** Lower-case UUID text, exactly as PostgreSQL prints it, so that two spellings of one id cannot exist. */
export const Uuid = Type.String({ pattern: UUID_PATTERN, maxLength: 36, description: 'UUID, lower case' });

/** The same, for what comes in without a schema. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** The largest `integer` of PostgreSQL. */
export const INT4_MAX = 2_147_483_647;
const POSITIVE_INT4 = { minimum: 1, maximum: INT4_MAX };

export const ConcertId = Type.Integer({ ...POSITIVE_INT4, description: 'concert' });
export const PerformanceId = Type.Integer({
  ...POSITIVE_INT4,
  description: 'performance: one date of a concert',
});
export const VenueId = Type.Integer({ ...POSITIVE_INT4, description: 'venue' });
export const LayoutId = Type.Integer({ ...POSITIVE_INT4, description: 'seat layout of a venue' });

/** A seat's number within its performance, 1 to the size of the layout. */
export const SeatNo = Type.Integer({ minimum: 1, maximum: 200_000, description: 'seat number' });

/** Name of a waiting room. */
export const RoomName = Type.String({
  pattern: '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$',
  maxLength: 40,
  description: 'waiting room',
});

/** A place in a room: the number is given once per epoch and never again. */
export const Place = Type.Object(
  {
    room: RoomName,
    epoch: Type.Integer(POSITIVE_INT4),
    number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  },
  { additionalProperties: false },
);
export type Place = Static<typeof Place>;

const INSTANT_PATTERN = '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$';
const INSTANT = new RegExp(INSTANT_PATTERN);

/** RFC 3339 instant in UTC with milliseconds. */
export const Instant = Type.String({
  pattern: INSTANT_PATTERN,
  maxLength: 24,
  description: 'instant, UTC, RFC 3339 with milliseconds',
});

/** An instant that there is: the 31st of February is only written like one, and PostgreSQL has no year 0. */
export function isInstant(value: unknown): value is string {
  if (typeof value !== 'string' || !INSTANT.test(value) || value < '0001') return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}
