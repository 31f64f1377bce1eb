/**
 * Arrays in PostgreSQL's binary form: the number of dimensions, whether there are nulls, the type of the elements, their
 * number and the first index, four bytes each; then every element with its length before it, -1 for a null.
 */
const UUID = { oid: 2950, bytes: 16 } as const;
const TIMESTAMPTZ = { oid: 1184, bytes: 8 } as const;

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;

/** Undefined where something among them is neither a UUID in its usual form nor null. */
export function binaryUuids(items: readonly unknown[]): Buffer | undefined {
  return binaryArray(UUID, items, writeUuid);
}

/** Undefined where something among them is neither an instant as `Date.toISOString` writes it nor null. */
export function binaryInstants(items: readonly unknown[]): Buffer | undefined {
  // Those of one set are often the same.
  let known: string | undefined;
  let micros = 0n;
  return binaryArray(TIMESTAMPTZ, items, (text, bytes, at) => {
    if (text !== known) {
      const ms = Date.parse(text);
      // The 30th of February would become the 2nd of March.
      if (Number.isNaN(ms) || new Date(ms).toISOString() !== text) return false;
      known = text;
      micros = (BigInt(ms) - POSTGRES_EPOCH_MS) * 1_000n;
    }
    bytes.writeBigInt64BE(micros, at);
    return true;
  });
}

const POSTGRES_EPOCH_MS = BigInt(Date.UTC(2000, 0, 1));

/** `write` says false when it cannot. */
function binaryArray(
  type: { readonly oid: number; readonly bytes: number },
  items: readonly unknown[],
  write: (text: string, bytes: Buffer, at: number) => boolean,
): Buffer | undefined {
  if (items.length === 0) return undefined; // has no dimension at all, and is short as text
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + items.length * (LENGTH_BYTES + type.bytes));
  let at = HEADER_BYTES;
  let hasNulls = 0;
  for (const item of items) {
    if (item === null || item === undefined) {
      hasNulls = 1;
      at = bytes.writeInt32BE(NULL_LENGTH, at);
      continue;
    }
    at = bytes.writeInt32BE(type.bytes, at);
    if (typeof item !== 'string' || !write(item, bytes, at)) return undefined;
    at += type.bytes;
  }
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(hasNulls, 4);
  bytes.writeInt32BE(type.oid, 8);
  bytes.writeInt32BE(items.length, 12);
  bytes.writeInt32BE(1, 16);
  return bytes.subarray(0, at);
}

const UUID_LENGTH = 36;
const DASH = 0x2d;
/** What a character stands for as a hexadecimal digit; -1 for none. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

function writeUuid(text: string, bytes: Buffer, start: number): boolean {
  if (text.length !== UUID_LENGTH) return false;
  let at = start;
  for (let from = 0; from < UUID_LENGTH; from += 2) {
    if (from === 8 || from === 13 || from === 18 || from === 23) {
      if (text.charCodeAt(from) !== DASH) return false;
      from++;
    }
    const high = DIGITS[text.charCodeAt(from)] ?? -1;
    const low = DIGITS[text.charCodeAt(from + 1)] ?? -1;
    if (high < 0 || low < 0) return false;
    bytes[at++] = (high << 4) | low;
  }
  return true;
}
