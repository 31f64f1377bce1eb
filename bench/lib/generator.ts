/**
 * The load, in a process of its own: connections that each take the next journey and send its requests one
 * after the other (closed loop). Plain sockets and prepared bytes, so that it takes as little as possible of
 * the cores that it shares with what it measures.
 *
 * Reads a job from the file named as its argument, writes a `LoadReport` as JSON to stdout.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Journey, LoadJob, LoadReport, Outcome, Step } from './load.ts';

const [, , file] = process.argv;
const job = JSON.parse(readFileSync(file ?? '', 'utf8')) as LoadJob;
const latenciesMs: Record<string, number[]> = {};
const statuses: Record<string, Record<number, number>> = {};
let next = 0;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One keep-alive connection with at most one request under way. */
class Connection {
  readonly #socket: Socket;
  #received = '';
  #waiting: PromiseWithResolvers<Answer> | undefined;

  constructor() {
    this.#socket = connect({ host: job.host, port: job.port, noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk: string) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#waiting?.reject(error));
    this.#socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')));
  }

  send(request: string): Promise<Answer> {
    this.#waiting = Promise.withResolvers<Answer>();
    this.#socket.write(request, 'latin1');
    return this.#waiting.promise;
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = this.#received.slice(0, headEnd);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const end = headEnd + 4 + length;
    if (this.#received.length < end) return;
    const body = this.#received.slice(headEnd + 4, end);
    this.#received = this.#received.slice(end);
    this.#waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }
}

function toBytes(step: Step, known: Record<string, string>): string {
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => known[name] ?? '');
  const body = step.body === undefined ? '' : fill(step.body);
  const lines = [
    `${step.method} ${fill(step.path)} HTTP/1.1`,
    `host: ${job.host}:${job.port}`,
    ...Object.entries(step.headers).map(([name, value]) => `${name}: ${fill(value)}`),
    ...(step.body === undefined ? [] : ['content-type: application/json', `content-length: ${body.length}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

async function run(connection: Connection, journey: Journey): Promise<Outcome> {
  const known: Record<string, string> = { ...journey.known };
  let [sentAtMs, answeredAtMs] = [0, 0];
  for (const step of job.steps) {
    sentAtMs = performance.now();
    const answer = await connection.send(toBytes(step, known));
    answeredAtMs = performance.now();
    (latenciesMs[step.name] ??= []).push(answeredAtMs - sentAtMs);
    const counts = (statuses[step.name] ??= {});
    counts[answer.status] = (counts[answer.status] ?? 0) + 1;
    if (answer.status >= 400) break;
    for (const name of step.takes ?? []) {
      known[name] = new RegExp(`"${name}":"?([^",}]+)`).exec(answer.body)?.[1] ?? '';
    }
  }
  return { known, sentAtMs, answeredAtMs };
}

const outcomes: Outcome[] = [];
async function worker(): Promise<void> {
  const connection = new Connection();
  while (next < job.journeys.length) {
    const turn = next++;
    const journey = job.journeys[turn];
    if (journey === undefined) break;
    if (job.perSecond !== undefined) await until(startedMs + (turn / job.perSecond) * 1_000);
    const outcome = await run(connection, journey);
    if (job.collect) outcomes.push(outcome);
  }
  connection.end();
}

async function until(momentMs: number): Promise<void> {
  const waitMs = momentMs - performance.now();
  if (waitMs > 0) await delay(waitMs);
}

const startedMs = performance.now();
const cpuBefore = process.cpuUsage();
await Promise.all(Array.from({ length: job.connections }, worker));
const cpu = process.cpuUsage(cpuBefore);
const report: LoadReport = {
  durationMs: performance.now() - startedMs,
  cpuMs: (cpu.user + cpu.system) / 1_000,
  statuses,
  latencies: Object.fromEntries(Object.entries(latenciesMs).map(([name, list]) => [name, quantiles(list)])),
  outcomes,
};
process.stdout.write(JSON.stringify(report));

function quantiles(list: number[]): { p50: number; p95: number; p99: number; max: number } {
  const sorted = Float64Array.from(list).toSorted();
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}
