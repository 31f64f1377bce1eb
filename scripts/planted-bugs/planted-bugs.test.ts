/** Goal: no planted bug is lost when code is moved about, and the document has those that there are. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sourceFile } from '../../server/test/tidy/source.ts';
import { ROOT } from '../support/run.ts';
import { plant } from './planted-bug.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { killersTable } from './table.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** What others can see of a file. */
function exportsOf(file: string, text: string): string[] {
  return sourceFile(file, text).nodes.flatMap(({ node }) => {
    if (node.type !== 'ExportNamedDeclaration') return [];
    const head = text.slice(node.start, node.end).split('\n')[0] ?? '';
    return [/^export (?:async )?(?:\w+ )?(\w+|\{.*)/.exec(head)?.[1] ?? head];
  });
}

/** The suite, and for one that several adapters run the suites that it calls. */
function suiteText(file: string): string {
  const contracts = globSync('*.contract.ts', { cwd: join(ROOT, dirname(file)) });
  return [file, ...contracts.map((name) => join(dirname(file), name))].map(read).join('\n');
}

describe.each(PLANTED_BUGS)('$name', (bug) => {
  test('fits the code, which can still be read and exports the same', () => {
    const text = read(bug.file);
    const planted = plant(bug, text);
    expect(planted).not.toBe(text);
    expect(exportsOf(bug.file, planted)).toEqual(exportsOf(bug.file, text));
    expect(exportsOf(bug.file, text)).not.toEqual([]);
  });

  test('has killers that there are', () => {
    expect(bug.killers).not.toEqual([]);
    for (const { file, test: sentence } of bug.killers) {
      expect(suiteText(file).replaceAll(String.raw`\'`, "'")).toContain(sentence);
    }
  });
});

test('no two bugs have one name', () => {
  const names = PLANTED_BUGS.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

test('a bug that fits nowhere, or twice, is refused with what it looks for', () => {
  const bug = { name: 'typo', file: 'x.ts', changes: [{ find: 'a', replace: 'b' }] };
  expect(plant(bug, 'xay')).toBe('xby');
  expect(() => plant(bug, 'xyz')).toThrow('typo no longer fits x.ts: what it replaces stands there 0 times');
  expect(() => plant(bug, 'aya')).toThrow('typo no longer fits x.ts: what it replaces stands there 2 times');
});

test('docs/reliability.md has the bugs that there are, and for each a killer of its own', () => {
  const [, region = ''] =
    /<!-- begin planted-bugs: [^]*?-->([^]*)<!-- end planted-bugs -->/.exec(read('docs/reliability.md')) ??
    [];
  const killedByAll = PLANTED_BUGS.map((bug) => {
    const verdict = { verdict: 'killed', by: bug.killers } as const;
    return { bug, verdict, durationMs: 0 };
  });
  const written = rowsOf(region);
  const expected = rowsOf(killersTable(killedByAll));
  expect(written.map(({ bug }) => bug)).toEqual(expected.map(({ bug }) => bug));
  for (const [index, { killers }] of written.entries()) {
    expect(expected[index]?.killers).toEqual(expect.arrayContaining(killers));
  }
});

/** Rows without their last cell, and the killers that stand there. */
function rowsOf(table: string): { bug: string; killers: string[] }[] {
  return [...table.matchAll(/^(\| `[\w-]+` \|.*) \| ([^|]+) \|$/gm)].map(([, bug = '', killers = '']) => ({
    bug,
    killers: killers.split('<br>'),
  }));
}
