/**
 * What a schema says against a value, for people: every problem with its path, and what would be right. Found one
 * entry at a time, so that a long list of broken entries never stands in memory as a list of problems.
 */
import Type, { type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import type { FileProblem } from './problems.ts';

export type SchemaProblems = (value: unknown, path?: string) => Iterable<FileProblem>;

export function problemsBy(schema: TSchema): SchemaProblems {
  const whole = Compile(schema);
  const entries = entriesOf(schema);
  const ownSchema = withoutEntries(schema);
  const own = Compile(ownSchema);
  return function* problemsOf(value, path = '') {
    if (whole.Check(value)) return;
    for (const error of errorsOf(own, value)) yield* told(error, ownSchema, path);
    for (const [name, problemsOfEntry] of entries) {
      for (const [index, entry] of listIn(value, name).entries()) {
        yield* problemsOfEntry(entry, `${path}/${name}/${index}`);
      }
    }
  };
}

function entriesOf(schema: TSchema): [name: string, problemsOf: SchemaProblems][] {
  return Object.entries(Type.IsObject(schema) ? schema.properties : {}).flatMap(([name, field]) =>
    Type.IsArray(field) ? [[name, problemsBy(field.items)]] : [],
  );
}

/** The same, but for what it says of the entries of its lists. */
function withoutEntries(schema: TSchema): TSchema {
  if (!Type.IsObject(schema)) return schema;
  const properties = Object.entries(schema.properties).map(([name, field]) => [
    name,
    Type.IsArray(field) ? { ...field, items: {} } : field,
  ]);
  return { ...schema, properties: Object.fromEntries(properties) as Record<string, TSchema> };
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const list = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : [];
  return Array.isArray(list) ? list : [];
}

type Check = ReturnType<typeof Compile<TSchema>>;

/** The library's own bound is 8, and it is global. Nothing else is checked meanwhile. */
function errorsOf(check: Check, value: unknown): ReturnType<Check['Errors']> {
  const before = Settings.Get().maxErrors;
  Settings.Set({ maxErrors: Number.POSITIVE_INFINITY });
  try {
    return check.Errors(value);
  } finally {
    Settings.Set({ maxErrors: before });
  }
}

function told(error: ReturnType<Check['Errors']>[number], schema: TSchema, above: string): FileProblem[] {
  const { instancePath, keyword, schemaPath, params, message } = error;
  const path = `${above}${instancePath}`;
  switch (keyword) {
    case 'required': {
      return params.requiredProperties.map((name) => ({ path: `${path}/${name}`, message: 'is missing' }));
    }
    case 'boolean': // said of each field that the format does not have
      return [{ path, message: 'is no field of this format; remove it' }];
    case 'additionalProperties': // said of those fields' object as well
      return [];
    case 'pattern':
      return [{ path, message: `must be ${descriptionAt(schema, schemaPath)}` }];
    default:
      return [{ path, message }];
  }
}

/** What the schema at `#/properties/key` says it is. */
function descriptionAt(schema: TSchema, schemaPath: string): string {
  let at: unknown = schema;
  for (const name of schemaPath.split('/').slice(1)) {
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined;
  }
  const { description } = (at ?? {}) as { description?: string };
  return description ?? 'written as the format says';
}
