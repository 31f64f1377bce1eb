import { tmpdir } from 'node:os';
import { expect, test, vi } from 'vitest';
import { figureOf } from './figures.ts';
import { atMost, type Finding } from './part.ts';
import { takeTurns, type Turns } from './turns.ts';

const finding = (work: string): Finding => ({
  work,
  ours: { unit: 's', figure: figureOf([1]) },
  aim: atMost(2),
});

test('a part that fails is told, and the next ones have their turn', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const kept: Turns[] = [];
  const measure = (name: string) =>
    name === 'b' ? Promise.reject(new Error(`no ${tmpdir()}/b`)) : Promise.resolve([finding(name)]);
  const turns = await takeTurns(['a', 'b', 'c'], measure, async (so) => void kept.push(so));

  const [a, b, c] = [
    { name: 'a', findings: [finding('a')] },
    { name: 'b', error: 'no …/b' },
    { name: 'c', findings: [finding('c')] },
  ];
  expect(kept).toEqual([
    { parts: [a], failed: [], whole: false },
    { parts: [a], failed: [b], whole: false },
    { parts: [a, c], failed: [b], whole: true },
  ]);
  expect(turns).toEqual(kept.at(-1));
  expect(said.mock.calls.join('')).toContain('b failed: Error: no ');
});

test('what cannot be kept is no failure of the part', async () => {
  const keep = () => Promise.reject(new Error('the disk is full'));
  await expect(takeTurns(['a'], () => Promise.resolve([]), keep)).rejects.toThrow('the disk is full');
});
