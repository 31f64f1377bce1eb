/** Goal: the documents say what the code does. Generated parts are compared; written parts are checked for their names. */
import { execFile } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { events } from '../../contract/src/events.ts';
import { problems } from '../../contract/src/problems.ts';
import { exitCodes } from '../src/platform/startup-refusal.ts';
import { MAY_IMPORT, MODULES } from './tidy/imports.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

const NOT_OURS = new Set(['node_modules', '.git', '.data', 'coverage']);
const FILES = globSync('**/*', { cwd: ROOT, exclude: (name) => NOT_OURS.has(name) });
const DOCUMENTS = FILES.filter((file) => file.endsWith('.md'));
const BASENAMES = new Set(FILES.map((file) => file.slice(file.lastIndexOf('/') + 1)));
/** Stands for any file of its kind: `x.test.ts`, `NNNNNN-what-it-does.sql`. */
const PLACEHOLDER = /^(?:x\.|NNNNNN-)/;

/** What is wrong with what a document points at. */
function deadEnds(file: string): string[] {
  const text = read(file).replaceAll(/^```[^]*?^```/gm, '');
  const links = all(text, /\]\(([^)\s]+)\)/g).filter((link) => !/^[a-z]+:/.test(link));
  const paths = all(
    text,
    /`((?:server|contract|bench|scripts|rehearsal|docs)\/[\w./-]*|[\w./-]+\.(?:ts|mjs|sql|md))`/g,
  );
  return [
    ...links.filter((link) => !isTarget(file, link)),
    ...paths.filter((path) => !PLACEHOLDER.test(path) && !isPath(file, path)),
  ];
}

function isTarget(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || all(read(target), /^#+ (.+)$/gm).some((title) => slug(title) === anchor);
}

/** From the root, from the document, from server/src; a bare name is that of some file. */
function isPath(file: string, path: string): boolean {
  if (!path.includes('/')) return BASENAMES.has(path);
  return ['', dirname(file), 'server/src'].some((folder) => existsSync(join(ROOT, folder, path)));
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
}

describe('the documents', () => {
  it('have generated parts that are what the code would generate now', async () => {
    const checked = await promisify(execFile)(process.execPath, ['scripts/write-docs.ts', '--check'], {
      cwd: ROOT,
    });
    expect(checked.stdout).toBe('');
  });

  it('are all looked at', () => {
    const some = [
      'README.md',
      'README.ko.md',
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      'STYLE.md',
      'docs/api.md',
    ];
    expect(DOCUMENTS).toEqual(
      expect.arrayContaining([...some, 'bench/README.md', 'docs/decisions/0001-every-write-is-a-set.md']),
    );
  });

  it.each(DOCUMENTS)('%s links and points only to what exists', (file) => {
    expect(deadEnds(file)).toEqual([]);
  });

  it.each(['README.md', 'README.ko.md'])(
    '%s: each row of "Where does X happen" is a link to click',
    (file) => {
      const rows = all(read(file), /^\| [^|]+ \| ([^|]+) \|$/gm);
      expect(rows.length).toBeGreaterThan(20);
      expect(
        rows.filter((row) => !/\]\([\w./#-]+\)/.test(row) || /`[\w./-]+\.(?:ts|sql|md)`/.test(row)),
      ).toEqual([]);
    },
  );

  it('are the same in both languages: commands, the walk but for its comments, links', () => {
    const partsOf = (file: string) => {
      const text = read(file);
      const code = all(text, /^```sh\n([^]*?)^```/gm).map((block) =>
        block.replaceAll(/^# .*\n|\s+# .*$/gm, ''),
      );
      const links = all(text, /\]\(([^)\s]+)\)/g).filter((link) => !link.startsWith('README'));
      return { code, links: links.toSorted() };
    };
    const english = partsOf('README.md');
    expect(english.code.join('')).toContain('/payments');
    expect(english.links.length).toBeGreaterThan(30);
    expect(partsOf('README.ko.md')).toEqual(english);
  });

  it('name every problem, and no problem that there is not', () => {
    const documented = all(read('docs/errors.md'), /^\| `([\w.-]+)` \|/gm);
    expect(documented.toSorted()).toEqual(Object.keys(problems).toSorted());
  });

  it('name every exit code, and none that there is not', () => {
    const documented = all(read('docs/configuration.md'), /^\| `(\d+)` \|/gm);
    expect(documented.map(Number)).toEqual(Object.values(exitCodes).toSorted((a, b) => a - b));
  });

  it('name every event, and no event that there is not', () => {
    const documented = all(read('docs/events.md'), /^\| `(\w+)` \|/gm);
    expect(documented.toSorted()).toEqual(Object.keys(events).toSorted());
    const mentioned = new Set(all(read('docs/events.md'), /`([A-Z]\w+(?:ed|Failed))`/g));
    expect([...mentioned].filter((name) => !Object.hasOwn(events, name))).toEqual([]);
  });

  it('say who may import whom as the tidy rule has it', () => {
    const [, section = ''] = /^### Who may import whom$([^]*?)^##/m.exec(read('ARCHITECTURE.md')) ?? [];
    const rows = [...section.matchAll(/^\| (`\w+`.*|each module) \| (.+) \|$/gm)].map(
      ([, part = '', others = '']) =>
        [named(part).slice(0, part === 'each module' ? MODULES.length : 1), named(others)] as const,
    );
    const written = rows.flatMap(([parts, others]) =>
      parts.map((part) => [part, others.filter((zone) => zone in MAY_IMPORT).toSorted()] as const),
    );
    const ruled = Object.entries(MAY_IMPORT).map(([zone, others]) => [zone, others.toSorted()] as const);
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(ruled));
  });

  it('have a decision record for each row of their index, and a row for each record', () => {
    const index = all(read('docs/decisions/README.md'), /\((\d{4}-[\w-]+\.md)\)/g);
    const files = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => name !== 'README.md');
    expect(index.toSorted()).toEqual(files.toSorted());
  });
});

/** The parts that a cell of the table names. */
function named(cell: string): string[] {
  return all(cell.replace('each module', MODULES.map((name) => `\`${name}\``).join(' ')), /`([\w-]+)`/g);
}
