/** The problem registry against the code that refuses. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ProblemCode, problems } from '#contract/problems.ts';
import { describe, expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../', import.meta.url));
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => ({ file, text: readFileSync(join(SRC, file), 'utf8') }));

const codes = Object.keys(problems) as ProblemCode[];
const families = new Set(codes.map((code) => code.split('.')[0]));

/** Texts in quotes that look like a code: `family.what-is-wrong`, with a family of the registry. */
const mentioned = files.flatMap(({ file, text }) =>
  [...text.matchAll(/(?<=')([a-z-]+)\.([a-z-]+)(?=')/g)]
    .filter(([, family]) => families.has(family ?? ''))
    .map(([code]) => ({ file, code })),
);

test('the sources were found', () => {
  expect(files.length).toBeGreaterThan(60);
  expect(mentioned.length).toBeGreaterThan(codes.length);
});

describe('every problem', () => {
  test.each(codes)('%s has a status that fits and says what to do', (code) => {
    const { status, title, next } = problems[code];
    const allowed = code.startsWith('service.')
      ? [500, 503]
      : [400, 401, 402, 403, 404, 405, 409, 413, 415, 422, 429];
    expect(allowed).toContain(status);
    expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*$/);
    expect(title).toMatch(/^[A-Z][^.]{5,70}$/);
    expect(next).toMatch(/^[A-Z`].{10,}\.$/);
    expect(code.endsWith('.not-found') ? status : 404).toBe(404);
  });

  test('is used by something', () => {
    const used = new Set(mentioned.map(({ code }) => code));
    expect(codes.filter((code) => !used.has(code))).toEqual([]);
  });
});

test('no code is used that the registry does not have', () => {
  const refusing = files.flatMap(({ file, text }) =>
    [...text.matchAll(/\b(?:refused\(|Refused\(|problem: |problem === )'([a-z-]+\.[a-z.-]+)'/g)].map(
      ([, code = '']) => ({
        file,
        code,
      }),
    ),
  );
  expect(refusing.length).toBeGreaterThan(40);
  expect(refusing.filter(({ code }) => !Object.hasOwn(problems, code))).toEqual([]);
});

test('routes that an answer points to begin with the API’s prefix', () => {
  for (const code of codes) {
    for (const [route] of problems[code].next.matchAll(/(?<=(?:GET|POST|PUT|PATCH|DELETE) )\S+/g)) {
      expect(route, code).toMatch(/^\/api\/v1\//);
    }
  }
});
