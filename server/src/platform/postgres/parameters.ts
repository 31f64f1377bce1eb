/**
 * Values as the parameters of a statement. Sets are arrays of ids, numbers and instants. The driver writes an array with
 * two replacements and two quotes for each element, and the server takes every text apart again: for ids and instants
 * that is a third of what it costs to insert a row. So those travel as bytes, where the statement casts to them, and
 * what needs no quotes gets none.
 */
import { binaryInstants, binaryUuids } from './binary-arrays.ts';
import type { Statement } from './statement.ts';

/** What the driver takes as it is, or knows how to write. */
export function parametersOf({ sentAs }: Statement, values: readonly unknown[]): unknown[] {
  return values.map((value, index) => {
    if (!Array.isArray(value)) return value;
    switch (sentAs?.[index]) {
      case 'uuid':
        return binaryUuids(value) ?? arrayLiteral(value);
      case 'timestamptz':
        return binaryInstants(value) ?? arrayLiteral(value);
      default:
        return arrayLiteral(value);
    }
  });
}

/** Array literals hold these as they are: nothing in them delimits, escapes or stands for null. */
const PLAIN = /^[\w.:+-]+$/;
const NULL = /^null$/i;
/** What stands for itself between quotes only behind a backslash. */
const ESCAPED = /["\\]/;

export function arrayLiteral(items: readonly unknown[]): string {
  let literal = '{';
  for (let at = 0; at < items.length; at++)
    literal += at === 0 ? elementOf(items[at]) : `,${elementOf(items[at])}`;
  return `${literal}}`;
}

function elementOf(item: unknown): string {
  switch (typeof item) {
    case 'string':
      return PLAIN.test(item) && !NULL.test(item) ? item : quoted(item);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(item);
    default:
      if (item === null || item === undefined) return 'NULL';
      if (Array.isArray(item)) return arrayLiteral(item);
      if (Buffer.isBuffer(item)) return `"\\\\x${item.toString('hex')}"`;
      throw new TypeError('an array of parameters holds texts, numbers, truths, bytes and arrays of them');
  }
}

/** Without a template of its own for each text and a pattern that is looked for again: those took ten times as long. */
function quoted(text: string): string {
  if (!ESCAPED.test(text)) return `"${text}"`;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
