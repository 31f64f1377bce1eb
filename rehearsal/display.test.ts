import { describe, expect, it } from 'vitest';
import { createDisplay } from './display.ts';
import type { Progress } from './rehearse.ts';

const ESCAPE = '\u001B';
const PROGRESS: Progress = {
  phase: 'selling',
  atS: 65,
  fans: { total: 5_000, arrived: 4_000, gone: 300 },
  standing: { joined: 3_900, waiting: 3_400, active: 200, head: 500, free: 1_000, held: 400, sold: 600 },
  seconds: [],
  errors: 7,
  read: 0,
};

function screen(isTTY: boolean, columns = 120) {
  let nowMs = 0;
  const written: string[] = [];
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: () => Promise.resolve() };
  const output = { isTTY, columns, write: (text: string) => written.push(text) };
  const display = createDisplay(clock, output);
  return { display, written, pass: (ms: number) => (nowMs += ms) };
}

describe('the display', () => {
  it('paints a block on a terminal, and the next one over it', () => {
    const { display, written } = screen(true);
    display.show(PROGRESS);
    const lines = (written[0] ?? '').split('\n').length - 1;
    expect(written[0]).toContain('3,400 waiting');
    expect(written[0]).toContain('600 of 2,000 sold (30.0 %), 400 held');
    display.show(PROGRESS);
    expect(written[1]?.startsWith(`${ESCAPE}[${lines}A`)).toBe(true);
  });

  it('leaves what was painted where it is when something is said', () => {
    const { display, written } = screen(true);
    display.show(PROGRESS);
    display.say('trying again');
    display.show(PROGRESS);
    expect(written[1]).toBe('trying again\n');
    expect(written[2]?.startsWith(`${ESCAPE}[2K`)).toBe(true);
  });

  it('is never wider than the terminal', () => {
    const { display, written } = screen(true, 40);
    display.show(PROGRESS);
    const lines = (written[0] ?? '')
      .split('\n')
      .map((line) => line.split(ESCAPE).at(-1)?.replace(/^\[2K/, '') ?? '');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(40);
  });

  it('prints a line now and then where there is no terminal, and one whenever something else begins', () => {
    const { display, written, pass } = screen(false);
    display.show(PROGRESS);
    pass(1_000);
    display.show(PROGRESS);
    expect(written).toHaveLength(1);
    pass(5_000);
    display.show(PROGRESS);
    expect(written).toHaveLength(2);
    display.show({ ...PROGRESS, phase: 'reading', read: 12 });
    expect(written[2]).toContain('12 of 5,000');
    for (const text of written) {
      expect(text).not.toContain(ESCAPE);
      expect(text.trimEnd().split('\n')).toHaveLength(1);
    }
  });
});
