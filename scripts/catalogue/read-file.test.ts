import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseCatalogue, readCatalogueFile } from './read-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontrow-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

const parse = (text: string) => parseCatalogue(new TextEncoder().encode(text));
const wrong = (message: unknown) => ({ problems: [{ path: '', message }], unlisted: 0 });

function readable(text: string) {
  const read = parse(text);
  if ('problems' in read) throw new Error(read.problems[0]?.message);
  return { value: read.value, repeated: [...read.repeated] };
}

test('a file is read to its end, and one byte more than the bound is not', async () => {
  const path = join(folder, 'small.json');
  await writeFile(path, '[1,2,3]');
  expect(await readCatalogueFile(path, 7)).toMatchObject({ value: [1, 2, 3] });
  expect(await readCatalogueFile(path, 6)).toEqual(wrong(expect.stringContaining('is larger than 6 bytes')));
});

test('what never ends is not read to its end', async () => {
  expect(await readCatalogueFile('/dev/zero', 1_000)).toEqual(
    wrong(expect.stringContaining('is larger than')),
  );
});

test('a file that is not there, and a folder, cannot be read', async () => {
  const nowhere = await readCatalogueFile(join(folder, 'nowhere.json'));
  expect(nowhere).toEqual(wrong(expect.stringContaining('ENOENT')));
  expect(await readCatalogueFile(folder)).toEqual(wrong(expect.stringContaining('EISDIR')));
});

test('what is not JSON is told where it is not', () => {
  expect(parse('{"a": 1,\n}')).toEqual(wrong(expect.stringMatching(/^is not JSON: .*line 2/)));
  expect(parse('')).toEqual(wrong(expect.stringContaining('is not JSON')));
  expect(parseCatalogue(Uint8Array.of(0x22, 0xff, 0x22))).toEqual(wrong(expect.stringContaining('UTF-8')));
});

test('a million brackets are refused, not fallen over', () => {
  expect(parse('['.repeat(1_000_000))).toEqual(wrong(expect.stringContaining('is not JSON')));
});

test.each([
  ['at the top', '{"a":1,"b":2,"a":3}', ['/a']],
  ['within', '{"venues":[{},{"name":"x","city":"y","name":"z"}]}', ['/venues/1/name']],
  ['written differently', String.raw`{"a":1,"\u0061":2}`, ['/a']],
  ['with characters that a pointer has to spell', '{"x/y":{"~":1,"~":2}}', ['/x~1y/~0']],
  ['several times', '[{"a":1,"a":2},0,{"b":{"c":[],"c":{}}}]', ['/0/a', '/2/b/c']],
])('a name that stands twice in one object is found: %s', (_where, text, paths) => {
  const message = 'stands there twice; remove one of them';
  expect(readable(text).repeated).toEqual(paths.map((path) => ({ path, message })));
});

test('names in different objects, and texts that look like names, are no repetition', () => {
  const text = String.raw`{"a":{"a":[{"a":"a"},{"a":"\",\"a\":"}]},"b":"a","c":["a","a"]}`;
  expect(readable(text)).toEqual({ value: JSON.parse(text) as unknown, repeated: [] });
});
