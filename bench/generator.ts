/**
 * The load, in a process of its own: connections that each take the next journey and send its requests one after the
 * other. Without a pace a connection takes the next as soon as it is free (closed loop). With one, journeys begin when
 * they are due, whatever the service is doing (open loop); what one waits for a free connection counts as latency.
 *
 * Reads a job from the file named as its argument, writes a `LoadReport` as JSON to stdout.
 */
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { type Connection, openConnection } from './lib/connection.ts';
import type { Journey, LoadJob, LoadReport, Outcome } from './lib/load.ts';
import { quantilesOf } from './lib/quantiles.ts';
import { requestOf, valueIn } from './lib/requests.ts';

const [, , file = ''] = process.argv;
const job = JSON.parse(readFileSync(file, 'utf8')) as LoadJob;
const UNHURRIED_PER_S = 100;
const AWAKE_MS = 2;
const isUnhurried = job.perSecond !== undefined && job.perSecond <= UNHURRIED_PER_S;
const steps = job.steps.map((step) => ({
  ...step,
  textOf: requestOf(step),
  last: step === job.steps.at(-1),
}));
const latenciesMs: Record<string, number[]> = {};
const statuses: Record<string, Record<number, number>> = {};
const outcomes: Outcome[] = [];
let next = 0;

async function run(connection: Connection, journey: Journey, dueMs: number): Promise<void> {
  const known: Record<string, string> = { ...journey.known };
  let sinceMs = dueMs;
  for (const { name, textOf, afterMs, takes, last } of steps) {
    if (afterMs !== undefined) await until((sinceMs += afterMs));
    const sentAtMs = performance.now();
    const { status, body } = await connection.send(textOf(known));
    const answeredAtMs = performance.now();
    (latenciesMs[name] ??= []).push(answeredAtMs - sinceMs);
    const counts = (statuses[name] ??= {});
    counts[status] = (counts[status] ?? 0) + 1;
    const refused = status >= 400;
    if (!refused) for (const taken of takes ?? []) known[taken] = valueIn(body, taken);
    if (job.collect === true && (last || refused)) outcomes.push({ known, sentAtMs, answeredAtMs });
    if (refused) return;
    sinceMs = answeredAtMs;
  }
}

async function worker(): Promise<void> {
  const connection = openConnection(job.host, job.port);
  for (;;) {
    const turn = next++;
    const journey = job.journeys[turn];
    if (journey === undefined) break;
    const dueMs =
      job.perSecond === undefined ? performance.now() : startedMs + (turn / job.perSecond) * 1_000;
    await until(dueMs);
    await run(connection, journey, dueMs);
  }
  connection.end();
}

/**
 * A timer may be a millisecond late, which counts as latency. At an unhurried pace, where that would be much of it, the
 * last moment is waited for awake.
 */
async function until(momentMs: number): Promise<void> {
  const waitMs = momentMs - performance.now() - (isUnhurried ? AWAKE_MS : 0);
  if (waitMs > 0) await delay(Math.ceil(waitMs)); // a part of a millisecond would be cut off: too early
  if (!isUnhurried) return;
  while (performance.now() < momentMs) await nextTurn();
}

const startedMs = performance.now();
await Promise.all(Array.from({ length: job.connections }, worker));
const report: LoadReport = {
  startedAtMs: performance.timeOrigin + startedMs,
  durationMs: performance.now() - startedMs,
  statuses,
  latencies: Object.fromEntries(Object.entries(latenciesMs).map(([name, list]) => [name, quantilesOf(list)])),
  outcomes,
};
process.stdout.write(JSON.stringify(report));
