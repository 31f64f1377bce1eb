/** A history written by hand. */
import type { AskedOf, History, Operation, OperationOf, Outcome, ToldOf, What } from './operation.ts';

type Times = readonly [sentMs: number, answeredMs: number];
type More = Partial<Pick<Operation, 'key' | 'device' | 'instance' | 'isFinal'>>;

export interface Story {
  /** Answered 2xx. */
  ok<W extends What>(
    userId: string,
    what: W,
    times: Times,
    asked: AskedOf<W>,
    told: ToldOf<W>,
    more?: More,
  ): Story;
  /** Not answered. */
  lost<W extends What>(userId: string, what: W, times: Times, asked: AskedOf<W>, more?: More): Story;
  taken(userId: string, times: Times, seats: readonly number[], taken: readonly number[]): Story;
  history(): History;
}

export const HOLD_TTL_MS = 1_000;

export function tell(): Story {
  const operations: Operation[] = [];
  function add<W extends What>(
    [userId, what, [sentMs, answeredMs]]: readonly [string, W, Times],
    asked: AskedOf<W>,
    outcome: Outcome<ToldOf<W>>,
    more: More = {},
  ): Story {
    const status = outcome.outcome === 'ok' ? 200 : outcome.outcome === 'refused' ? 409 : 0;
    const request = {
      id: operations.length,
      userId,
      device: 0,
      instance: 0,
      key: null,
      isFinal: false,
      ...more,
    };
    const operation = { ...request, what, sentMs, answeredMs, status, asked, ...outcome } as OperationOf<W>;
    operations.push(operation as Operation);
    return story;
  }
  const story: Story = {
    ok: (userId, what, times, asked, told, more) =>
      add([userId, what, times], asked, { outcome: 'ok', told }, more),
    lost: (userId, what, times, asked, more) =>
      add([userId, what, times], asked, { outcome: 'unknown', problem: 'unanswered' }, more),
    taken: (userId, times, seats, taken) =>
      add(
        [userId, 'hold', times],
        { performanceId: 1, seats, payNow: false },
        { outcome: 'refused', problem: 'seats.taken', taken },
      ),
    history: () => ({ room: 'main', performanceId: 1, holdTtlMs: HOLD_TTL_MS, takenBefore: [9], operations }),
  };
  return story;
}

/** A balance that nothing explains, after charges of which any may have happened: no search comes to its end. */
export function tooManyOrders(): History {
  const story = tell();
  for (let bit = 1; bit <= 20; bit++) {
    story.lost('a', 'charge', [0, 10], { amount: 2 ** bit }, { key: `charge ${bit}` });
  }
  return story.ok('a', 'wallet', [20, 30], null, { balance: 1 }).history();
}
