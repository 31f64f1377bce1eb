/**
 * What people asked of a line and were answered, and what is wrong with it: judged from requests and answers
 * alone, never from the table. Times are of one monotonic clock.
 */

/** One join: when it was sent, when its answer was there, and the number in it. */
export interface JoinRecord {
  readonly userId: string;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  readonly number: number;
  readonly fresh: boolean;
}

/** One look at one's place. */
export interface LookRecord {
  readonly number: number;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  readonly state: string;
  readonly ahead: number;
}

/** People who were told more than one number, or whose place was new more than once. */
export function secondPlaces(joins: readonly JoinRecord[]): string[] {
  const byUser = Map.groupBy(joins, (join) => join.userId);
  return [...byUser].flatMap(([userId, own]) => {
    const numbers = new Set(own.map((join) => join.number));
    const fresh = own.filter((join) => join.fresh).length;
    return numbers.size === 1 && fresh === 1
      ? []
      : [`${userId}: numbers ${[...numbers].join()}, ${fresh} fresh`];
  });
}

interface Came {
  readonly number: number;
  readonly firstSentMs: number;
  readonly firstAnsweredMs: number;
}

/** Pairs where a join was answered before the other was sent, and yet has the higher number. */
export function overtakings(joins: readonly JoinRecord[]): string[] {
  const people: Came[] = [...Map.groupBy(joins, (join) => join.userId).values()].map((own) => ({
    number: own[0]?.number ?? 0,
    firstSentMs: Math.min(...own.map((join) => join.sentAtMs)),
    firstAnsweredMs: Math.min(...own.map((join) => join.answeredAtMs)),
  }));
  const answered = people.toSorted((a, b) => a.firstAnsweredMs - b.firstAnsweredMs);
  const found: string[] = [];
  let highest = 0;
  let next = 0;
  for (const person of people.toSorted((a, b) => a.firstSentMs - b.firstSentMs)) {
    for (; (answered[next]?.firstAnsweredMs ?? Infinity) < person.firstSentMs; next++) {
      highest = Math.max(highest, answered[next]?.number ?? 0);
    }
    if (highest > person.number) found.push(`${person.number} was sent after ${highest} was answered`);
  }
  return found;
}

/** Looks of one person, one after the other, of which a later one shows more people ahead. */
export function rises(looks: readonly LookRecord[]): string[] {
  return [...Map.groupBy(looks, (look) => look.number)].flatMap(([number, own]) => {
    const found: string[] = [];
    for (const look of own) {
      // Only what was answered before this one was sent has been seen by then.
      const seen = own.filter((other) => other.answeredAtMs < look.sentAtMs).map((other) => other.ahead);
      const least = Math.min(...seen);
      if (look.ahead > least) found.push(`${number}: ${least} ahead, later ${look.ahead}`);
    }
    return found;
  });
}

/** An instance tells people what it saw of the room a fifth of a second ago, and the test's machine is busy. */
const VIEW_AGE_MAX_MS = 500;

/** People who were still told to wait, longer than a view is old, after somebody behind them was told to come in. */
export function overtakenWaiters(looks: readonly LookRecord[]): string[] {
  const inside = looks
    .filter((look) => look.state !== 'WAITING' && look.state !== 'LEFT')
    .toSorted((a, b) => a.answeredAtMs - b.answeredAtMs);
  const found: string[] = [];
  let highest = 0;
  let next = 0;
  for (const look of looks.toSorted((a, b) => a.sentAtMs - b.sentAtMs)) {
    for (; (inside[next]?.answeredAtMs ?? Infinity) < look.sentAtMs - VIEW_AGE_MAX_MS; next++) {
      highest = Math.max(highest, inside[next]?.number ?? 0);
    }
    if (look.state === 'WAITING' && look.number < highest)
      found.push(`${look.number} waits after ${highest}`);
  }
  return found;
}
