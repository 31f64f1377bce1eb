/** Goal: the documents say what the code does. Generated parts are compared; written parts are checked for their names. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { events } from '../../contract/src/events.ts';
import { problems } from '../../contract/src/problems.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(`${ROOT}${file}`, 'utf8');
const DOCUMENTS = [
  'README.md',
  'README.ko.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/api.md',
  'docs/events.md',
  'docs/decisions/README.md',
];

describe('the documents', () => {
  it('have generated parts that are what the code would generate now', async () => {
    const checked = await promisify(execFile)(process.execPath, ['scripts/write-docs.ts', '--check'], {
      cwd: ROOT,
    });
    expect(checked.stdout).toBe('');
  });

  it.each(DOCUMENTS)('%s links and points only to files that exist', (file) => {
    const text = read(file);
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
      (match) => `${folder}${match[1] ?? ''}`,
    );
    const paths = [...text.matchAll(/`((?:server|contract|bench|scripts|docs)\/[\w./-]+)`/g)].map(
      (match) => match[1] ?? '',
    );
    expect([...links, ...paths].length).toBeGreaterThan(0);
    for (const path of [...links, ...paths])
      expect(existsSync(`${ROOT}${path}`), `${file} names ${path}`).toBe(true);
  });

  it('name every problem, and no problem that there is not', () => {
    const documented = [...read('docs/errors.md').matchAll(/^\| `([\w.-]+)` \|/gm)].map(
      (match) => match[1] ?? '',
    );
    expect(documented.toSorted()).toEqual(Object.keys(problems).toSorted());
  });

  it('name every event, and no event that there is not', () => {
    const documented = [...read('docs/events.md').matchAll(/^\| `(\w+)` \|/gm)].map(
      (match) => match[1] ?? '',
    );
    expect(documented.toSorted()).toEqual(Object.keys(events).toSorted());
    const mentioned = new Set(
      [...read('docs/events.md').matchAll(/`([A-Z]\w+(?:ed|Failed))`/g)].map((match) => match[1] ?? ''),
    );
    expect([...mentioned].filter((name) => !Object.hasOwn(events, name))).toEqual([]);
  });

  it('have a decision record for each row of their index, and a row for each record', () => {
    const index = [...read('docs/decisions/README.md').matchAll(/\((\d{4}-[\w-]+\.md)\)/g)].map(
      (match) => match[1] ?? '',
    );
    const files = readdirSync(`${ROOT}docs/decisions`).filter((name) => name !== 'README.md');
    expect(index.toSorted()).toEqual(files.toSorted());
  });
});
