/** How PostgreSQL values become JavaScript values: exactly, or not at all. */
import assert from 'node:assert/strict';
import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;

type Parse = (text: string) => unknown;
const parseInt8Array = pg.types.getTypeParser(INT8_ARRAY as typeof INT8) as Parse;

const own = new Map<number, Parse>([
  [INT8, toSafeInteger],
  [
    INT8_ARRAY,
    (text) =>
      (parseInt8Array(text) as (string | null)[]).map((item) => (item === null ? null : toSafeInteger(item))),
  ],
  // The driver would take them for instants in this machine's time zone.
  [DATE, asItIs],
  [TIMESTAMP, asItIs],
  [TIMESTAMPTZ, toInstant],
]);

export const typeParsers = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    own.get(oid) ?? (pg.types.getTypeParser(oid, format) as Parse),
};

function toSafeInteger(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `the database gave ${text}, which a number cannot hold`);
  return value;
}

const DATE_LENGTH = 'YYYY-MM-DD'.length;
const SECONDS_LENGTH = 'YYYY-MM-DD hh:mm:ss'.length;

/** `2026-11-21 05:00:00.123456+00` → `2026-11-21T05:00:00.123Z`. */
function toInstant(text: string): string {
  // The usual form, which needs no calendar: four digits of a year, and UTC.
  if (text.endsWith('+00') && text[DATE_LENGTH] === ' ') {
    const ms = text
      .slice(SECONDS_LENGTH + 1, -3)
      .slice(0, 3)
      .padEnd(3, '0');
    return `${text.slice(0, DATE_LENGTH)}T${text.slice(DATE_LENGTH + 1, SECONDS_LENGTH)}.${ms}Z`;
  }
  const instant = new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
  assert(!Number.isNaN(instant.getTime()), `the database gave ${text}, which is not an instant`);
  return instant.toISOString();
}

function asItIs(text: string): string {
  return text;
}
