/**
 * Values as the parameters of a statement. The driver writes arrays with two replacements and two quotes for each
 * element; sets are arrays of ids, numbers and instants, which need neither.
 */

/** Array literals hold these as they are: nothing in them delimits, escapes or stands for null. */
const PLAIN = /^[\w.:+-]+$/;
const NULL = /^null$/i;

/** What the driver takes as it is, or knows how to write. */
export function toParameter(value: unknown): unknown {
  return Array.isArray(value) ? arrayLiteral(value) : value;
}

function arrayLiteral(items: readonly unknown[]): string {
  let literal = '{';
  for (let at = 0; at < items.length; at++)
    literal += at === 0 ? elementOf(items[at]) : `,${elementOf(items[at])}`;
  return `${literal}}`;
}

function elementOf(item: unknown): string {
  switch (typeof item) {
    case 'string':
      return PLAIN.test(item) && !NULL.test(item) ? item : `"${item.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(item);
    default:
      if (item === null || item === undefined) return 'NULL';
      if (Array.isArray(item)) return arrayLiteral(item);
      if (Buffer.isBuffer(item)) return String.raw`"\\x${item.toString('hex')}"`;
      throw new TypeError('an array of parameters holds texts, numbers, truths, bytes and arrays of them');
  }
}
