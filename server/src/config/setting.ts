import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';

/** One thing that a deployment may decide. */
export interface Setting<Value = unknown> {
  /** Of the value, not of its text. */
  readonly schema: TSchema;
  /** Null: unset, and the description says what that means. */
  readonly default: Value;
  readonly group: string;
  readonly unit: string | null;
  readonly description: string;
  /** Completes the sentence `NAME must be …`. */
  readonly mustBe: string;
  /** Never printed, and kept apart from the configuration. */
  readonly secret: boolean;
  /** Says what the schema cannot. */
  readonly usable: (value: unknown) => boolean;
}

export type ValueOf<S> = S extends Setting<infer Value> ? Value : never;

interface About<Value> {
  readonly group: string;
  readonly unit?: string;
  readonly description: string;
  readonly mustBe?: string;
  readonly secret?: boolean;
  readonly usable?: (value: Value) => boolean;
}

/** A setting that always has a value. */
export function setting<Schema extends TSchema>(
  schema: Schema,
  about: About<Static<Schema>> & { readonly default: Static<Schema> },
): Setting<Static<Schema>> {
  return complete<Schema, Static<Schema>>(schema, about, about.default);
}

/** A setting that is null unless somebody sets it. */
export function optionalSetting<Schema extends TSchema>(
  schema: Schema,
  about: About<Static<Schema>>,
): Setting<Static<Schema> | null> {
  return complete<Schema, Static<Schema> | null>(schema, about, null);
}

function complete<Schema extends TSchema, Value>(
  schema: Schema,
  about: About<Static<Schema>>,
  byDefault: Value,
): Setting<Value> {
  return {
    schema,
    default: byDefault,
    group: about.group,
    unit: about.unit ?? null,
    description: about.description,
    mustBe: about.mustBe ?? inWords(schema),
    secret: about.secret ?? false,
    usable: (value) => Check(schema, value) && (about.usable?.(value) ?? true),
  };
}

export type ReadSetting<Value> = { readonly value: Value } | { readonly problem: string };

/** Reads one setting from its text. The problem says what it must be, and, unless it is a secret, what it is. */
export function readSetting<Value>(
  name: string,
  from: Setting<Value>,
  text: string | undefined,
): ReadSetting<Value> {
  // Empty counts as unset: compose files and shells write `NAME=` for a variable that nobody gave.
  if (text === undefined || text === '') return { value: from.default };
  const value = valueOf(from.schema, text);
  if (from.usable(value)) return { value: value as Value };
  const found = from.secret ? '' : `; it is ${JSON.stringify(shortened(text))}`;
  return { problem: `${name} must be ${from.mustBe}${found}` };
}

function valueOf(schema: TSchema, text: string): unknown {
  const { type } = schema as { readonly type?: string };
  if (type === 'array') return text.split(',');
  // Digits only: `1e3`, `0x10`, ` 5` and `5.0` are somebody's mistake rather than somebody's number.
  if (type === 'integer') return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  return text;
}

function inWords(schema: TSchema): string {
  const known = schema as { type?: string; minimum?: number; maximum?: number; enum?: string[] };
  if (known.enum !== undefined) return `one of ${known.enum.join(', ')}`;
  if (known.type === 'integer') return `a whole number from ${known.minimum} to ${known.maximum}`;
  return 'text';
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
