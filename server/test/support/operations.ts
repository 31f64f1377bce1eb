/** What the service says that it takes: its own OpenAPI document, so that no route has to be listed by hand. */
import assert from 'node:assert/strict';
import { Check } from 'typebox/value';

/** As much of JSON Schema as the document uses. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean' | 'null';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly additionalProperties?: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly schema: Schema;
}

export type Guard = 'account' | 'queueToken' | 'operator';

export interface Operation {
  readonly method: string;
  /** With its parameters as `{name}`. */
  readonly path: string;
  readonly name: string;
  /** Undefined: everybody may. */
  readonly guard: Guard | undefined;
  readonly params: readonly Parameter[];
  readonly query: readonly Parameter[];
  readonly takesKey: boolean;
  readonly body: Schema | undefined;
}

interface Documented {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly (Parameter & { readonly in: string })[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
}

export async function readOperations(url: string): Promise<Operation[]> {
  const response = await fetch(`${url}/api/v1/openapi.json`);
  const document = (await response.json()) as Document;
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, documented]) =>
      toOperation(method.toUpperCase(), path, documented),
    ),
  );
}

function toOperation(method: string, path: string, documented: Documented): Operation {
  const parameters = documented.parameters ?? [];
  const [guard] = Object.keys(documented.security?.[0] ?? {});
  assert(guard === undefined || isGuard(guard), `${guard} is a guard that the tests know`);
  return {
    method,
    path,
    name: `${method} ${path}`,
    guard,
    params: parameters.filter((parameter) => parameter.in === 'path'),
    query: parameters.filter((parameter) => parameter.in === 'query'),
    takesKey: parameters.some(({ in: where, name }) => where === 'header' && name === 'idempotency-key'),
    body: documented.requestBody?.content['application/json']?.schema,
  };
}

function isGuard(text: string): text is Guard {
  return ['account', 'queueToken', 'operator'].includes(text);
}

/** Whether the document allows the value. */
export function fits(schema: Schema, value: unknown): boolean {
  return Check(schema, value);
}

/** The places in a schema that would take anything of some kind, however large. */
export function unboundedIn(schema: Schema, at = ''): string[] {
  const { type, items, properties = {}, anyOf = [] } = schema;
  const isOpen =
    (type === undefined && anyOf.length === 0 && schema.enum === undefined) ||
    (type === 'object' && schema.additionalProperties !== false) ||
    (type === 'array' && (schema.maxItems === undefined || items === undefined)) ||
    (type === 'integer' && (schema.minimum === undefined || schema.maximum === undefined)) ||
    (type === 'string' && schema.maxLength === undefined && schema.enum === undefined);
  return [
    isOpen ? [at] : [],
    items === undefined ? [] : unboundedIn(items, `${at}[]`),
    Object.entries(properties).flatMap(([name, each]) => unboundedIn(each, `${at}.${name}`)),
    anyOf.flatMap((each) => unboundedIn(each, at)),
  ].flat();
}

/** What a name stands for in the world of a test; for other names anything that fits will do. */
export type Known = Readonly<Record<string, unknown>>;

const TEXTS = ['main', '1', '2030-01-01T00:00:00.000Z', '2030-01', '0d9c1c2e-0000-4000-8000-000000000001'];

/** A value that the document allows. */
export function sampleOf(schema: Schema, known: Known, name = ''): unknown {
  const given = known[name];
  if (given !== undefined && fits(schema, given)) return given;
  if (schema.anyOf !== undefined) {
    const branch = schema.anyOf.find((each) => each.type !== 'null');
    assert(branch !== undefined);
    return sampleOf(branch, known, name);
  }
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([field, each]) => [field, sampleOf(each, known, field)]),
      );
    case 'array':
      return Array.from({ length: schema.minItems ?? 1 }, () => sampleOf(schema.items ?? {}, known));
    case 'integer':
      return schema.minimum ?? 1;
    case 'boolean':
      return false;
    default: {
      const text = TEXTS.find((each) => fits(schema, each));
      assert(text !== undefined, `there is a sample for ${name} ${JSON.stringify(schema)}`);
      return text;
    }
  }
}

/** The path with a value for each of its parameters, which is put in as it is. */
export function pathOf(operation: Operation, values: Readonly<Record<string, string>>): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    assert(value !== undefined, `${operation.name} has a value for ${name}`);
    return value;
  });
}
