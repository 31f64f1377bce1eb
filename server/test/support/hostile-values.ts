/** What can be wrong with a body, a path and a query, made from what the document says is right. */
import { fits, type Operation, type Schema } from './operations.ts';

export interface Spoilt {
  readonly what: string;
  readonly body: string | Uint8Array;
}

/** As JSON text, because not all of it is a value in JavaScript. */
const VALUES = [
  '""',
  '"1"',
  '"true"',
  '"x\' or 1=1 --"',
  '"UPPER"',
  `"${'a'.repeat(5_000)}"`,
  '0',
  '-0.0',
  '-1',
  '1.5',
  '2147483648',
  '9007199254740992',
  '9007199254740993',
  '1e400',
  '-1e400',
  'null',
  'true',
  '[]',
  '[null]',
  '{}',
  '{"a":1}',
];
/** Refused wherever they stand. */
const POISON = [
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  `${'['.repeat(20)}${']'.repeat(20)}`,
];
const FORBIDDEN_NAMES = ['__proto__', 'constructor', 'prototype', '\\u005f_proto__'];
/** What a client might like to decide. */
const TEMPTING_NAMES = [
  'hostile',
  'amount',
  'price',
  'priceKrw',
  'amountKrw',
  'total',
  'discount',
  'balance',
  'userId',
  'sub',
  'state',
  'status',
  'turn',
  'number',
  'expiresAt',
  'version',
  'role',
  '',
];

const NOT_JSON: readonly (string | Uint8Array)[] = [
  '{',
  '}',
  '{"a":}',
  '{} {}',
  "{'a':1}",
  '{"a":1,}',
  'NaN',
  'undefined',
  '// x\n{}',
  '\ufeff{}',
  ' ',
  Uint8Array.of(0x22, 0xff, 0x22),
  Uint8Array.of(0x22, 0xc0, 0x80, 0x22),
];

type Path = readonly (string | number)[];

/** Every way to spoil the body; each must be refused as not being what the schema says. */
export function spoiltBodies(schema: Schema, sample: unknown): Spoilt[] {
  const whole = ['', 'null', 'true', '1', '"x"', '[]', `[${JSON.stringify(sample)}]`]
    .filter((text) => !fits(schema, text === '' ? null : JSON.parse(text)))
    .map((body) => ({ what: `the body is ${body === '' ? 'nothing' : body}`, body }));
  const broken = NOT_JSON.map((body) => ({ what: `the body is ${String(body)}`, body }));
  const within = positions(schema, sample).flatMap((position) => [
    ...wrongValues(sample, position),
    ...wrongMembers(sample, position),
  ]);
  return [...whole, ...broken, ...within];
}

interface Position {
  readonly path: Path;
  readonly schema: Schema;
  readonly value: unknown;
}

/** The body itself and everything in it. */
function positions(schema: Schema, value: unknown, path: Path = []): Position[] {
  const branch = schema.anyOf?.find((each) => each.type === 'object') ?? schema;
  const found: Position[] = [{ path, schema: branch === schema ? schema : { ...branch, ...schema }, value }];
  for (const [field, each] of Object.entries(branch.properties ?? {})) {
    const inner: unknown = Reflect.get(value as object, field);
    found.push(...positions(each, inner, [...path, field]));
  }
  if (branch.items !== undefined && Array.isArray(value) && value.length > 0) {
    found.push(...positions(branch.items, value[0], [...path, 0]));
  }
  return found;
}

function wrongValues(sample: unknown, { path, schema }: Position): Spoilt[] {
  if (path.length === 0) return [];
  const unfit = VALUES.filter((text) => !fits(schema, JSON.parse(text)));
  return [...unfit, ...POISON].map((text) => ({
    what: `${path.join('.')} is ${text.slice(0, 40)}`,
    body: written(sample, path, text),
  }));
}

function wrongMembers(sample: unknown, { path, schema, value }: Position): Spoilt[] {
  if (schema.properties === undefined) return [];
  const at = path.length === 0 ? 'the body' : path.join('.');
  const members = Object.entries(value as object);
  const text = (list: readonly (readonly [string, unknown])[], more: readonly string[] = []): string =>
    `{${[...list.map(([name, each]) => `${JSON.stringify(name)}:${JSON.stringify(each)}`), ...more].join(',')}}`;
  const unknown = [...TEMPTING_NAMES, ...FORBIDDEN_NAMES]
    .filter((name) => !(name in (schema.properties ?? {})))
    .map((name) => ({
      what: `${at} has ${name}`,
      body: written(sample, path, text(members, [`"${name}":1`])),
    }));
  const missing = (schema.required ?? []).map((name) => ({
    what: `${at} has no ${name}`,
    body: written(sample, path, text(members.filter(([each]) => each !== name))),
  }));
  const twice = members.map(([name, each]) => ({
    what: `${at} has ${name} twice`,
    body: written(sample, path, text(members, [`${JSON.stringify(name)}:${JSON.stringify(each)}`])),
  }));
  return [...unknown, ...missing, ...twice];
}

const MARK = 'the-text-goes-here';

/** The sample as JSON, with this very text in one place. */
function written(sample: unknown, path: Path, text: string): string {
  const [step, ...rest] = path;
  if (step === undefined) return text;
  const copy: unknown = structuredClone(sample);
  let place = copy as Record<string | number, unknown>;
  for (const [at, each] of path.slice(0, -1).entries()) {
    place = Reflect.get(place, path[at] ?? each) as Record<string | number, unknown>;
  }
  place[rest.at(-1) ?? step] = MARK;
  return JSON.stringify(copy).replace(`"${MARK}"`, () => text);
}

/** In the place of an id or a name in the path; none of them names anything. */
export const HOSTILE_SEGMENTS = [
  '',
  '0',
  '-1',
  '01',
  '+1',
  '1.5',
  '1e3',
  '%31%20',
  'null',
  'undefined',
  'NaN',
  '2147483647',
  '2147483648',
  '99999999999999999999',
  '9'.repeat(199),
  '9'.repeat(300),
  '0x1',
  '1;drop',
  "1'--",
  '%27%20or%201=1',
  '*',
  '__proto__',
  'constructor',
  'UPPER',
  '%00',
  '1%00',
  '%zz',
  '%',
  '%ff',
  '%ED%A0%80',
  '..%2f..',
  '%2e%2e',
  '..;',
  '00000000-0000-0000-0000-000000000000',
  '{0d9c1c2e-0000-4000-8000-000000000001}',
  'not-a-uuid',
  '0d9c1c2e000040008000000000000001',
  '0d9c1c2e-0000-4000-8000-00000000000g',
  '%F0%9F%8E%AB',
];

/** The raw text of values of query parameters. */
const QUERY_VALUES = [
  '',
  '0',
  '-1',
  '01',
  '101',
  '1.5',
  '1e2',
  '%201',
  'null',
  '%EF%BC%92',
  '%00',
  '%E2%80%AE',
  "x'--",
  '2026-13',
  '2026-00',
  '0000-01',
  '2026-1',
  '2026-01-01',
  'a'.repeat(201),
  '%0a',
  'true',
  '[]',
  '%7B%7D',
];

const UUID = '0d9c1c2e-0000-4000-8000-000000000001';
const HOSTILE_CURSORS = [
  'null',
  '{}',
  '[]',
  '"x"',
  '1',
  '[null]',
  '[{}]',
  '[[]]',
  '[0]',
  '[-1]',
  '[1.5]',
  '["1"]',
  '[1e400]',
  '[9007199254740992]',
  '[1,2,3,4,5,6]',
  '["x\' or 1=1 --"]',
  '{"__proto__":[1]}',
  '["infinity"]',
  ...[
    '["9999-99-99T99:99:99.999Z"',
    '["2026-02-31T00:00:00.000Z"',
    '["0000-01-01T00:00:00.000Z"',
    '["infinity"',
  ].map((opened) => `${opened},"${UUID}"]`),
  ...['[-1', '[1e400', '[253402300800001', '[1.5', '[null'].map((opened) => `${opened},"${UUID}"]`),
  `["2026-01-01T00:00:00.000Z","${UUID.toUpperCase()}"]`,
  '["2026-01-01T00:00:00.000Z",1]',
  '[1,"x"]',
  '["2026-02-31T00:00:00.000Z",0,"2026-02-31T00:00:00.000Z",1]',
  '["2026-01-01T00:00:00.000Z",2,"2026-01-01T00:00:00.000Z",1]',
  '["2026-01-01T00:00:00.000Z",0,"2026-01-01T00:00:00.000Z",2147483648]',
].map((text) => Buffer.from(text).toString('base64url'));

/** Query strings that must be refused. */
export function spoiltQueries({ query }: Operation): string[] {
  if (query.length === 0) return [];
  const unknown = ['hostile', '__proto__', 'constructor', 'limit[]', 'LIMIT', ''].map((name) => `${name}=1`);
  const twice = query.map(({ name }) => `${name}=1&${name}=1`);
  const wrong = query.flatMap(({ name, schema }) =>
    name === 'cursor'
      ? [...QUERY_VALUES, ...HOSTILE_CURSORS].map((text) => `${name}=${text}`)
      : QUERY_VALUES.filter((text) => !fits(schema, decodeURIComponent(text))).map(
          (text) => `${name}=${text}`,
        ),
  );
  return [...unknown, ...twice, ...wrong];
}
