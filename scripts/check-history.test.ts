import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveHistory } from '../rehearsal/history/history-file.ts';
import { tooManyOrders } from '../rehearsal/history/story.ts';
import { simulate } from '../rehearsal/history/simulation/simulate.ts';
import { checkHistoryFile } from './check-history/check-history-file.ts';
import { carryOut } from './support/command.ts';
import { ROOT } from './support/run.ts';

/** The machine may be busy. */
const PATIENCE_MS = 120_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontrow-check-history-'));
  await saveHistory(join(folder, 'right.jsonl'), await simulate({ seed: 3, fans: 10 }));
  await saveHistory(
    join(folder, 'wrong.jsonl'),
    await simulate({ seed: 3, fans: 10, bug: 'loses a charge' }),
  );
  await saveHistory(join(folder, 'open.jsonl'), tooManyOrders());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function check(...args: string[]): Promise<Ended> {
  const said = { out: '', err: '' };
  const code = await carryOut(checkHistoryFile, args, {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
  });
  return { code, stdout: said.out, stderr: said.err };
}

function command(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['scripts/check-history.ts', ...args],
      { cwd: ROOT },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

describe('npm run check-history', { timeout: PATIENCE_MS }, () => {
  it('says of a right history what was looked at, and ends with 0', async () => {
    const { code, stdout } = await check(join(folder, 'right.jsonl'));
    expect(stdout).toMatch(/ok +I1 +a seat has one owner at a time +\d+ judged/);
    expect(stdout).toMatch(/In it: operations \d+, people 10/);
    expect(stdout).toContain('No contradiction.');
    expect(code).toBe(0);
  });

  it('names what cannot be true in a wrong one, and ends with 1', async () => {
    const { code, stdout } = await command(join(folder, 'wrong.jsonl'));
    expect(stdout).toMatch(/BROKEN +I2 +the entries of a wallet add up/);
    expect(stdout).toMatch(/fan-\d+ charged .*\[operations \d+/);
    expect(code).toBe(1);
  });

  it('as a command it says what it was not told on the other stream', async () => {
    const { code, stdout, stderr } = await command();
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain('npm run check-history -- FILE');
  });

  it('does not say of what it cannot decide that it is right, and ends with 2', async () => {
    const { code, stdout } = await check(join(folder, 'open.jsonl'));
    expect(stdout).toMatch(/open +I2 +every balance that was told can be explained +0 judged, 1 undecided/);
    expect(stdout).toContain('No contradiction. Not decided: 1.');
    expect(code).toBe(2);
  });

  it.each([
    [[], 64, 'which file is to be checked is missing'],
    [['a', 'b'], 64, 'one file is checked at a time'],
    [['--fast'], 64, "Unknown option '--fast'"],
    [['/nowhere/at-all.jsonl'], 65, 'cannot be checked'],
    [[join(ROOT, 'package.json')], 65, 'package.json cannot be checked: line 1 is not JSON'],
  ])('%j is refused with code %i and %s', async (args, code, message) => {
    const ended = await check(...args);
    expect(ended.stderr).toContain(message);
    expect(ended.code).toBe(code);
  });

  it('explains itself', async () => {
    const { code, stdout } = await check('--help');
    expect(stdout).toContain('npm run check-history -- FILE');
    expect(code).toBe(0);
  });
});
