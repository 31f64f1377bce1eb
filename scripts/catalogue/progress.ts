/** How far an import has come: one line that is rewritten on a terminal, a line now and then anywhere else. */
import type { Clock } from '../../server/src/platform/clock.ts';
import type { Delivery } from './deliver.ts';
import { type Kind, KINDS } from './file.ts';

const REWRITE_MS = 200;
const LINE_MS = 5_000;

export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  show(delivery: Delivery): void;
  /** A line of its own, the last one of the progress below it. */
  say(text: string): void;
  end(): void;
}

export function createProgress(clock: Clock, output: Output): Progress {
  const startedMs = clock.monotonicMs();
  const isTerminal = output.isTTY === true;
  const everyMs = isTerminal ? REWRITE_MS : LINE_MS;
  let shownAtMs = startedMs;
  let isLineOpen = false;
  /** What was there already came at once, and says nothing of the time that is left. */
  let first: { readonly atMs: number; readonly done: number } | undefined;

  const close = () => {
    if (isLineOpen) output.write('\n');
    isLineOpen = false;
  };
  return {
    show(delivery) {
      const nowMs = clock.monotonicMs();
      if (nowMs - shownAtMs < everyMs) return;
      shownAtMs = nowMs;
      const { done } = delivery.seats;
      if (done > 0) first ??= { atMs: nowMs, done };
      const perMs =
        first !== undefined && nowMs > first.atMs ? (done - first.done) / (nowMs - first.atMs) : 0;
      const line = progressLine(delivery, perMs);
      output.write(isTerminal ? `\r\u001B[2K${line}` : `${line}\n`);
      isLineOpen = isTerminal;
    },
    say(text) {
      close();
      output.write(`${text}\n`);
    },
    end: close,
  };
}

export function progressLine({ counts, seats }: Delivery, seatsPerMs: number): string {
  const made = KINDS.map((kind) => counted(counts[kind].there, kind)).join(', ');
  const share = seats.total === 0 ? 100 : Math.floor((100 * seats.done) / seats.total);
  const parts = [made, `${number(seats.done)} of ${counted(seats.total, 'seats')} (${share} %)`];
  if (seatsPerMs > 0) {
    const leftS = Math.ceil((seats.total - seats.done) / seatsPerMs / 1000);
    parts.push(`${number(Math.round(1000 * seatsPerMs))} seats/s`, `${duration(leftS)} left`);
  }
  return parts.join(' · ');
}

export function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 venue`, `2 venues`. */
export function counted(value: number, things: Kind | 'seats'): string {
  return `${number(value)} ${value === 1 ? things.slice(0, -1) : things}`;
}

export function duration(totalS: number): string {
  const minutes = Math.floor(totalS / 60);
  return minutes === 0 ? `${totalS} s` : `${minutes} min ${totalS % 60} s`;
}
