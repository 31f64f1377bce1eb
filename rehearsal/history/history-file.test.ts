import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadHistory, saveHistory } from './history-file.ts';
import type { History } from './operation.ts';
import { simulate } from './simulation/simulate.ts';

let folder: string;
let path: string;
let history: History;
let text: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontrow-history-'));
  path = join(folder, 'history.jsonl');
  history = await simulate({ seed: 7, fans: 8 });
  await saveHistory(path, history);
  text = await readFile(path, 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(content: string): Promise<History> {
  const other = join(folder, 'other.jsonl');
  await writeFile(other, content);
  return loadHistory(other);
}

const lineOf = (n: number) => text.split('\n')[n - 1] ?? '';

describe('a file of a history', () => {
  it('is read as it was written', async () => {
    expect(history.operations.length).toBeGreaterThan(100);
    expect(await loadHistory(path)).toEqual(history);
  });

  it.each([
    ['that is empty', () => '', 'the first line must be that of a frontrow-history-1'],
    [
      'of something else',
      () => '{"format":"other"}\n',
      'the first line must be that of a frontrow-history-1',
    ],
    ['that is no JSON', () => 'hello\n', 'line 1 is not JSON'],
    ['that is cut off in a line', () => text.slice(0, -20), 'is not JSON, or is cut off'],
    ['that is cut off after a line', () => text.slice(0, text.lastIndexOf('\n', text.length - 2)), 'only'],
    [
      'without an operation',
      () => text.replace(`${lineOf(3)}\n`, ''),
      'line 3 has the operation 2 instead of 1',
    ],
    [
      'with a foreign line',
      () => text.replace(lineOf(3), '{"what":"dance"}'),
      'line 3 is no operation that could be',
    ],
    [
      'with something missing',
      () => text.replace(lineOf(2), lineOf(2).replace('"device":0,', '')),
      'line 2 is no operation',
    ],
    [
      'with an answer before its question',
      () => text.replace(lineOf(2), lineOf(2).replace(/"answeredMs":[\d.]+/, '"answeredMs":-1')),
      'line 2 is no operation',
    ],
    ['of one endless line', () => 'x'.repeat(3_000_000), 'a line of more than'],
  ])('%s is refused, with the reason', async (_, content, reason) => {
    await expect(load(content())).rejects.toThrow(reason);
  });
});
