/** How the rehearsal goes, while it goes: a block that is painted anew on a terminal, a line now and then elsewhere. */
import type { Clock } from '../server/src/platform/clock.ts';
import type { Progress } from './rehearse.ts';
import { duration, ms, number, share } from './report/words.ts';

const LINE_MS = 5_000;
const BAR_WIDTH = 40;
const RECENT_S = 5;

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Display {
  show(progress: Progress): void;
  /** A line of its own. */
  say(text: string): void;
  /** What was painted stays. */
  end(): void;
}

export function createDisplay(clock: Clock, output: Output): Display {
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let painted = 0;
  let last: Progress | undefined;

  const paint = (progress: Progress) => {
    const width = Math.max(20, (output.columns ?? 80) - 1);
    const lines = block(progress).map((line) => line.slice(0, width));
    const back = painted === 0 ? '' : `\u001B[${painted}A\r`;
    output.write(`${back}${lines.map((line) => `\u001B[2K${line}\n`).join('')}`);
    painted = lines.length;
  };
  const print = (progress: Progress) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - shownAtMs < LINE_MS && last?.phase === progress.phase) return;
    shownAtMs = nowMs;
    output.write(`${oneLine(progress)}\n`);
  };
  return {
    show(progress) {
      if (output.isTTY === true) paint(progress);
      else print(progress);
      last = progress;
    },
    say(text) {
      output.write(`${text}\n`);
      painted = 0;
    },
    end: () => {
      painted = 0;
    },
  };
}

const PHASES: Readonly<Record<Progress['phase'], string>> = {
  selling: 'on sale',
  settling: 'waiting until nothing is held any more',
  auditing: 'the service audits itself',
  reading: 'reading what is true in the end',
};

function block(progress: Progress): string[] {
  const { phase, atS, fans, standing, errors, read } = progress;
  const { joined, waiting, active, head, free, held, sold } = standing;
  const seats = free + held + sold;
  const { requests, joins, sales, p99Ms } = recent(progress);
  return [
    `${duration(atS).padStart(12)}  ${PHASES[phase]}${phase === 'reading' ? `: ${number(read)} of ${number(fans.total)}` : ''}`,
    `  fans        ${number(fans.arrived)} of ${number(fans.total)} have come, ${number(joined)} have joined, ${number(fans.gone)} are gone`,
    `  line        ${number(waiting)} waiting, ${number(active)} let in and not done, number ${number(head)} was called last`,
    `  seats       ${bar(sold, held, seats)} ${number(sold)} of ${number(seats)} sold (${share(sold, seats)}), ${number(held)} held`,
    `  a second    ${number(requests)} requests, ${number(joins)} joins, ${number(sales)} seats sold`,
    `  answers     99 of 100 within ${ms(p99Ms)}; ${number(errors)} not answered`,
  ];
}

function oneLine(progress: Progress): string {
  const { phase, atS, fans, standing, errors, read } = progress;
  const { waiting, active, free, held, sold } = standing;
  const { requests, p99Ms } = recent(progress);
  return [
    `${duration(atS)} ${PHASES[phase]}${phase === 'reading' ? `: ${number(read)} of ${number(fans.total)}` : ''}`,
    `${number(fans.gone)} of ${number(fans.total)} fans gone`,
    `${number(waiting)} waiting, ${number(active)} active`,
    `${number(sold)} of ${number(free + held + sold)} sold, ${number(held)} held`,
    `${number(requests)} requests/s, p99 ${ms(p99Ms)}, ${number(errors)} errors`,
  ].join(' · ');
}

function bar(sold: number, held: number, seats: number): string {
  const width = (count: number) => (seats === 0 ? 0 : Math.round((BAR_WIDTH * count) / seats));
  const full = width(sold);
  const half = Math.min(BAR_WIDTH - full, width(held));
  return `[${'#'.repeat(full)}${'-'.repeat(half)}${' '.repeat(BAR_WIDTH - full - half)}]`;
}

/** Over the last few seconds. */
function recent({ seconds }: Progress) {
  const last = seconds.slice(-RECENT_S);
  const [first, latest] = [seconds.at(-RECENT_S - 1), seconds.at(-1)];
  const overS = Math.max(1, (latest?.atS ?? 0) - (first?.atS ?? 0));
  return {
    requests: last.reduce((sum, { requests }) => sum + requests, 0) / overS,
    joins: ((latest?.joined ?? 0) - (first?.joined ?? 0)) / overS,
    sales: Math.max(0, (latest?.sold ?? 0) - (first?.sold ?? 0)) / overS,
    p99Ms: Math.max(0, ...last.map((second) => second.p99Ms)),
  };
}
