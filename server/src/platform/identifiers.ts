/** Ids: random ones, and ones that follow from what they name. */
import { hash, randomUUID } from 'node:crypto';

export function newUuid(): string {
  return randomUUID();
}

/** The same parts always give the same UUID (version 8), and nobody finds other parts that give it. */
export function derivedUuid(...parts: readonly string[]): string {
  // As JSON, because ['a', 'bc'] and ['ab', 'c'] must differ, and so must texts that are not valid Unicode.
  const hex = hash('sha256', JSON.stringify(parts), 'hex');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** 16 bytes that stand for a request's content, whatever the order of its fields. */
export function fingerprint(body: unknown): Buffer {
  // By way of text, which the digest gives at half the cost of bytes.
  return Buffer.from(hash('sha256', canonical(body), 'hex').slice(0, 2 * FINGERPRINT_BYTES), 'hex');
}

const FINGERPRINT_BYTES = 16;

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const fields = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const name of Object.keys(fields).toSorted(byCodeUnits)) {
    const field = fields[name];
    if (field !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonical(field)}`;
  }
  return `{${text}}`;
}

const byCodeUnits = (a: string, b: string) => (a < b ? -1 : 1);
