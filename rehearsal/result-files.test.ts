import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryResultFiles } from './result-files.ts';

let dataDir: string;
beforeEach(async () => (dataDir = await mkdtemp(join(tmpdir(), 'frontrow-results-'))));
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const tried = (options: { report?: string; history?: string }) =>
  tryResultFiles({ report: undefined, history: undefined, ...options }, { dataDir, name: 'now' });

describe('the files of a rehearsal', () => {
  it('are made possible before there is anything to write, and nothing is written', async () => {
    const history = join(dataDir, 'kept', 'history.jsonl');
    expect(await tried({ history })).toEqual({ report: join(dataDir, 'rehearsals', 'now.html'), history });
    expect(await readdir(join(dataDir, 'rehearsals'))).toEqual([]);
    expect(await readdir(join(dataDir, 'kept'))).toEqual([]);
  });

  it('keep what is in them until there is something better', async () => {
    const report = join(dataDir, 'mine.html');
    await writeFile(report, 'of yesterday');
    await tried({ report });
    expect(await readFile(report, 'utf8')).toBe('of yesterday');
  });

  it.each(['report', 'history'] as const)('a --%s that cannot be written is named', async (option) => {
    await writeFile(join(dataDir, 'file'), '');
    for (const path of [dataDir, join(dataDir, 'file', 'in-a-file')]) {
      await expect(tried({ [option]: path })).rejects.toThrow(
        new RegExp(`^${path} cannot be written .*: name another file with --${option}$`),
      );
    }
  });

  it('are those of a device that is only opened', async () => {
    expect(await tried({ report: '/dev/null' })).toMatchObject({ report: '/dev/null' });
    expect(await readFile('/dev/null', 'utf8')).toBe('');
  });
});
