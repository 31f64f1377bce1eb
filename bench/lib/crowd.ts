/** A crowd that joins a room over HTTP, at one instance or at several. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningService, Stage } from './stage.ts';
import { runWrk, type WrkReport } from './wrk.ts';

/** A line forms only where few are let in: these are the settings that a service starts with. */
export const LONG_LINE = { QUEUE_RATE_COUNT: '50', QUEUE_CAPACITY: '1000' };
/** Longer than any run; a crowd's load ends when all are in. */
const JOIN_SECONDS_MAX = 600;
const LOOK_MS = 20;
const STUCK_MS = 10_000;

/** An instance, and the file with an access token for each who joins there. */
export interface Gate {
  readonly service: RunningService;
  readonly tokens: string;
}

export interface Crowd {
  readonly database: string;
  /** At each gate. */
  readonly connections: number;
  /** How many places there must be in the end. */
  readonly count: number;
}

/** Lets the whole crowd join; ends when that many places are committed. */
export async function joinAll(
  stage: Stage,
  gates: readonly Gate[],
  { database, connections, count }: Crowd,
): Promise<{ seconds: number; reports: WrkReport[] }> {
  const stop = new AbortController();
  const startedMs = performance.now();
  const loads = gates.map(({ service: { host, port }, tokens }) =>
    runWrk({
      host,
      port,
      connections,
      seconds: JOIN_SECONDS_MAX,
      stop: stop.signal,
      requests: { tokens, method: 'POST', path: '/api/v1/queue/tokens', body: '{}', again: false },
    }),
  );
  const timed = allIn(stage, database, count, stop.signal)
    .then(() => (performance.now() - startedMs) / 1_000)
    .finally(() => stop.abort());
  try {
    const [seconds, reports] = await Promise.all([timed, Promise.all(loads)]);
    await joined(stage, database, count);
    return { seconds, reports };
  } finally {
    stop.abort();
    await Promise.allSettled([timed, ...loads]);
  }
}

/** Waits until the room has given that many numbers; gives up when it gives none any more. */
async function allIn(stage: Stage, database: string, count: number, signal: AbortSignal): Promise<void> {
  await using session = await stage.connect(database);
  let before = -1;
  let lastMoveMs = performance.now();
  while (!signal.aborted) {
    const [row] = await session.query<{ n: number }>(
      `select last_number::int as n from waiting_room.room where room = 'main'`,
    );
    const now = row?.n ?? -1;
    if (now === count) return;
    if (now !== before) lastMoveMs = performance.now();
    if (performance.now() - lastMoveMs > STUCK_MS) throw new Error(`stuck: ${now} of ${count} are in line`);
    before = now;
    await delay(LOOK_MS);
  }
}

/** Counts rows, not answers: as many people as places, and no number left out. */
export async function joined(stage: Stage, database: string, expected: number): Promise<number> {
  const [row] = await stage.query<{ people: number; last: number }>(
    database,
    `select count(distinct user_id)::int as people, max(number)::int as last from waiting_room.token where room = 'main'`,
  );
  if (row?.people !== expected || row.last !== expected)
    throw new Error(`${row?.people} people joined up to number ${row?.last}, ${expected} expected`);
  return expected;
}
