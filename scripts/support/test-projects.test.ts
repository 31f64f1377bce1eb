import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import config from '../../vitest.config.ts';
import { ROOT } from './run.ts';
import { projectOf } from './test-projects.ts';

interface Project {
  readonly test: { readonly name: string; readonly include: string[]; readonly exclude: string[] };
}

test('every test file is in the project that runs it', () => {
  const projects = (config.test?.projects ?? []) as Project[];
  const run = projects.flatMap(({ test: { name, include, exclude } }) =>
    globSync(include, { cwd: ROOT, exclude }).map((file) => [file, name] as const),
  );
  expect(new Set(run.map(([, name]) => name))).toEqual(new Set(['unit', 'int', 'system']));
  expect(run.map(([file]) => [file, projectOf(file)])).toEqual(run);
});
