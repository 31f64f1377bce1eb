/** Takes down what is asked and what is answered, while it happens. */
import assert from 'node:assert/strict';
import type { Clock } from '../../server/src/platform/clock.ts';
import type { AskedOf, History, Operation, Outcome, ToldOf, What } from './operation.ts';

export interface Asking<W extends What> extends Pick<
  Operation,
  'userId' | 'device' | 'instance' | 'key' | 'isFinal'
> {
  readonly what: W;
  readonly asked: AskedOf<W>;
}

export type Answered<W extends What> = { readonly status: number } & Outcome<ToldOf<W>>;

export interface Asked<W extends What> {
  /** Once. Whatever is never ended has an unknown outcome. */
  end(answer: Answered<W>): void;
}

export interface Recorder {
  /** Right before it is sent. */
  begin<W extends What>(asking: Asking<W>): Asked<W>;
  /** What was taken down until now; what is under way counts as unknown from here on. */
  history(promised: Omit<History, 'operations'>): History;
}

/** Of something that nobody waited for to its end. */
const UNANSWERED = { status: 0, outcome: 'unknown', problem: 'unanswered' } as const;

export function createRecorder(clock: Pick<Clock, 'monotonicMs'>): Recorder {
  /** By id; those under way have a hole for an answer. */
  const begun: { readonly sent: Asking<What> & { readonly sentMs: number }; ended?: Operation }[] = [];

  return {
    begin(asking) {
      const id = begun.length;
      const record: (typeof begun)[number] = { sent: { ...asking, sentMs: clock.monotonicMs() } };
      begun.push(record);
      return {
        end(answer) {
          assert(record.ended === undefined, `request ${id} is ended once`);
          record.ended = operation(id, record.sent, answer, clock.monotonicMs());
        },
      };
    },
    history(promised) {
      const nowMs = clock.monotonicMs();
      const operations = begun.map(({ sent, ended }, id) => ended ?? operation(id, sent, UNANSWERED, nowMs));
      return { ...promised, operations };
    },
  };
}

/** What is asked and what is told fit together: `begin` saw to it. */
function operation(
  id: number,
  sent: Asking<What> & { readonly sentMs: number },
  answer: Answered<What>,
  answeredMs: number,
): Operation {
  return { id, ...sent, answeredMs, ...answer } as Operation;
}
