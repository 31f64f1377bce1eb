/** What a history tells of a fault: what was asked under it, what became of what nobody was told, when all went again. */
import type { History, Operation, What } from '../history/operation.ts';

/** On the recorder's clock. */
export interface Moments {
  readonly faultMs: number;
  readonly healedMs: number;
}

export interface Figures {
  /** Sent under the fault. */
  readonly asked: number;
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  /** What these were told, or why nothing; the most frequent first. */
  readonly unknownBy: readonly (readonly [problem: string, count: number])[];
  /** Of them: nothing came, and the connection ended or the patience of whoever asked. */
  readonly silent: number;
  /** Of all that was answered 5xx under the fault; null: nothing was. */
  readonly failedP99Ms: number | null;
  /** Over the whole run: 503 that does not say when to come again. */
  readonly abrupt: readonly Operation[];
  /** Actions with a key of which somebody was once not told the outcome, over the whole run, and what was told later. */
  readonly unresolved: Resolved;
  /** Of all that was answered 2xx under the fault. */
  readonly okP99Ms: number;
  /** From the healing until everything that people do had been done once more. */
  readonly recoveredMs: number;
  /** The one that took longest. */
  readonly slowest: What | null;
  /** What was tried after the healing, and never done any more. */
  readonly missing: readonly What[];
}

export interface Resolved {
  readonly actions: number;
  /** A try with the same key was answered 2xx. */
  readonly done: number;
  /** It was refused. */
  readonly refused: number;
  readonly never: number;
}

/** What a buyer does: each must be possible again. */
const PATHS: readonly What[] = ['join', 'look', 'map', 'hold', 'charge', 'pay'];

export function figuresOf({ operations }: History, { faultMs, healedMs }: Moments): Figures {
  const under = operations.filter(
    ({ sentMs, isFinal }) => !isFinal && sentMs >= faultMs && sentMs <= healedMs,
  );
  const count = (outcome: Operation['outcome']) => under.filter((one) => one.outcome === outcome).length;
  const firsts = PATHS.map((what) => ({ what, ms: firstAfter(operations, what, healedMs) }));
  const known = firsts.flatMap(({ what, ms }) => (ms === undefined ? [] : [{ what, ms }]));
  const slowest = known.toSorted((a, b) => b.ms - a.ms)[0];
  return {
    asked: under.length,
    ok: count('ok'),
    refused: count('refused'),
    unknown: count('unknown'),
    unknownBy: problemsOf(under),
    silent: under.filter(({ status }) => status === 0).length,
    failedP99Ms: p99Of(under.filter(({ status }) => status >= 500)) ?? null,
    abrupt: operations.filter(isAbrupt),
    unresolved: resolve(operations),
    okP99Ms: p99Of(under.filter(({ outcome }) => outcome === 'ok')) ?? 0,
    recoveredMs: slowest?.ms ?? 0,
    slowest: slowest?.what ?? null,
    missing: PATHS.filter(
      (what) => isTried(operations, what, healedMs) && !known.some((one) => one.what === what),
    ),
  };
}

function isAbrupt(one: Operation): boolean {
  return one.status === 503 && one.outcome === 'unknown' && one.retryAfterS === undefined;
}

/** How long all but one of a hundred took at most. */
function p99Of(operations: readonly Operation[]): number | undefined {
  const tookMs = operations
    .map(({ sentMs, answeredMs }) => answeredMs - sentMs)
    .toSorted((one, other) => one - other);
  return tookMs[Math.floor(tookMs.length * 0.99)];
}

function problemsOf(operations: readonly Operation[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of operations) {
    if (one.outcome === 'unknown') counts.set(one.problem, (counts.get(one.problem) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

function isTried(operations: readonly Operation[], what: What, healedMs: number): boolean {
  return operations.some((one) => one.what === what && !one.isFinal && one.sentMs >= healedMs);
}

/** How long after the moment the first answer came that said yes. */
function firstAfter(operations: readonly Operation[], what: What, healedMs: number): number | undefined {
  let first: number | undefined;
  for (const one of operations) {
    if (one.what !== what || one.outcome !== 'ok' || one.isFinal || one.answeredMs < healedMs) continue;
    const ms = one.answeredMs - healedMs;
    if (first === undefined || ms < first) first = ms;
  }
  return first;
}

function resolve(operations: readonly Operation[]): Resolved {
  const byKey = Map.groupBy(
    operations.filter(({ key }) => key !== null),
    ({ userId, what, key }) => `${userId} ${what} ${key}`,
  );
  const open = [...byKey.values()].filter((tries) => tries.some(({ outcome }) => outcome === 'unknown'));
  const tell = (outcome: string) =>
    open.filter((tries) => tries.some((one) => one.outcome === outcome)).length;
  const done = tell('ok');
  const never = open.filter((tries) => tries.every((one) => one.outcome === 'unknown')).length;
  return { actions: open.length, done, never, refused: open.length - done - never };
}
