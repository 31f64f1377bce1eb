/** Goal: docs/requirements.md says the truth: what it names exists, and each requirement has the tests that it needs. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { events } from '../../contract/src/events.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(`${ROOT}${file}`, 'utf8');
const text = read('docs/requirements.md');

interface Named {
  readonly file: string;
  readonly title: string;
}

/** The rows of the tables that name tests, by what was asked for. */
const rows = [...text.matchAll(/^\| (?!asked for)(.+) \|$/gm)].flatMap(([, row = '']) => {
  const tests = [...row.matchAll(/\]\(\.\.\/([\w./-]+\.(?:test|contract)\.ts)\) “([^”]+)”/g)].map(
    ([, file = '', title = '']): Named => ({ file, title }),
  );
  return tests.length === 0 ? [] : [{ asked: row.split(' | ')[0] ?? '', tests }];
});

test('the page was understood', () => {
  expect(rows.length).toBeGreaterThan(35);
});

const isSystem = ({ file }: Named) => /^server\/test\/(?:journeys|races|faults|instances)\//.test(file);
const isUnit = (named: Named) => /(?<!\.int)\.test\.ts$/.test(named.file) && !isSystem(named);

test.each(rows)('$asked: has a unit test, and one with the database', ({ tests }) => {
  expect(tests.filter(isUnit)).not.toEqual([]);
  expect(tests.filter((named) => !isUnit(named))).not.toEqual([]);
});

test.each(rows)('$asked: has tests that exist', ({ tests }) => {
  for (const { file, title } of tests) expect(titlesIn(file), file).toContain(title);
});

test('every event of the page is one of ours, and only those that were added here are missing', () => {
  const names = [...text.matchAll(/`((?:[A-Z][a-z]+){2,})`/g)].map(([, name = '']) => name);
  const named = new Set(names.map((name) => name.replace(/Event$/, '')));
  const added = ['PerformanceScheduled', 'ConcertChanged', 'ReservationCancelled', 'PaymentRefunded'];
  expect([...named, ...added].toSorted()).toEqual(Object.keys(events).toSorted());
});

test('every route of the page is one of ours', () => {
  const named = [...text.matchAll(/`(GET|POST|PATCH|DELETE) (\/[\w/:-]+)/g)];
  const declared = new Set(globSync('server/src/**/routes.ts', { cwd: ROOT }).flatMap(routesIn));
  expect(named.length).toBeGreaterThan(10);
  const routes = named.map(([, method = '', path = '']) => `${method} ${path}`);
  expect(routes.filter((route) => !declared.has(route))).toEqual([]);
});

function titlesIn(file: string): string[] {
  const calls = read(file).matchAll(/\b(?:test|it)(?:\.each[^]*?\))?\(\s*(['"])(.*?)\1,/g);
  return Array.from(calls, ([, , title = '']) => title);
}

function routesIn(file: string): string[] {
  const calls = read(file).matchAll(/\bapp\.(get|post|patch|delete)\(\s*'([^']+)'/g);
  return Array.from(calls, ([, method = '', path = '']) => `${method.toUpperCase()} ${path}`);
}
