import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { SeatMap } from './seat-map.ts';

interface Decoded {
  readonly performanceId: number;
  readonly seatCount: number;
  readonly remaining: number;
  readonly version: string;
  stateOf(seatNo: number): number;
}

/** The decoder that docs/seat-map.md gives to clients. */
let decodeSeatMap: (buffer: ArrayBufferLike) => Decoded;

beforeAll(async () => {
  const page = await readFile(new URL('../../../docs/seat-map.md', import.meta.url), 'utf8');
  const code = /```js\n([^]*?)```/.exec(page)?.[1];
  if (code === undefined) throw new Error('the page has no decoder');
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  ({ decodeSeatMap } = (await import(/* @vite-ignore */ url)) as { decodeSeatMap: typeof decodeSeatMap });
});

function mapOf(states: readonly number[], version = '1k-0f3a9c5be1d47728'): SeatMap {
  const packed = new Uint8Array(Math.ceil(states.length / 4));
  for (const [at, state] of states.entries())
    packed[at >> 2] = (packed[at >> 2] ?? 0) | (state << ((at & 3) * 2));
  const remaining = states.filter((state) => state === 0).length;
  return new SeatMap({ performanceId: 70_000, version, seatCount: states.length, remaining, packed });
}

const someStates = fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 60 });
const someVersion = fc.stringMatching(/^[0-9a-z]{1,11}-[0-9a-f]{16}$/);
const FORMS = (['json', 'binary'] as const).flatMap((type) => [
  { type, gzip: false },
  { type, gzip: true },
]);

describe('a map', () => {
  test('in the binary form is read by the decoder of its page', async () => {
    await fc.assert(
      fc.asyncProperty(someStates, someVersion, async (states, version) => {
        const bytes = await mapOf(states, version).bytes({ type: 'binary', gzip: false });
        expect(bytes.readUInt16LE(6) % 4).toBe(0);
        const decoded = decodeSeatMap(Uint8Array.from(bytes).buffer);
        expect(decoded).toMatchObject({ performanceId: 70_000, seatCount: states.length, version });
        expect(decoded.remaining).toBe(states.filter((state) => state === 0).length);
        expect(states.map((_, at) => decoded.stateOf(at + 1))).toEqual(states);
      }),
    );
  });

  test('as JSON has the numbers of the free seats, ascending', async () => {
    const bytes = await mapOf([0, 1, 2, 0, 0]).bytes({ type: 'json', gzip: false });
    expect(JSON.parse(bytes.toString())).toEqual({
      performanceId: 70_000,
      version: '1k-0f3a9c5be1d47728',
      remaining: 3,
      seats: [1, 4, 5],
    });
  });

  test('in gzip is the same', async () => {
    const map = mapOf(Array.from({ length: 500 }, (_, at) => at % 3));
    for (const type of ['json', 'binary'] as const) {
      const plain = await map.bytes({ type, gzip: false });
      const zipped = await map.bytes({ type, gzip: true });
      expect(zipped.length).toBeLessThan(plain.length);
      expect(gunzipSync(zipped).equals(plain)).toBe(true);
    }
  });

  test('is made once in each form, for all who ask', async () => {
    const map = mapOf([0, 1, 2]);
    for (const form of FORMS) {
      const [first, second] = await Promise.all([map.bytes(form), map.bytes(form)]);
      expect(first).toBe(second);
      expect(await map.bytes(form)).toBe(first);
    }
  });

  test('has a tag of its own in each form of each version', () => {
    const tags = [mapOf([0]), mapOf([1], '1-0000000000000000')].flatMap((map) =>
      FORMS.map((form) => map.etag(form)),
    );
    expect(new Set(tags).size).toBe(8);
    for (const tag of tags) expect(tag).toMatch(/^"[\w.-]+"$/);
  });
});
