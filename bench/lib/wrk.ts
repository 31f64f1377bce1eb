/** wrk: a load that costs a tenth of what the Node one does, where requests do not depend on answers. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface WrkRun {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** A busy service may refuse some; how many is told. */
  readonly mayBeRefused?: boolean;
  /** At most; `stop` ends it earlier. */
  readonly seconds: number;
  readonly stop?: AbortSignal;
  readonly requests: SameRequest | RequestPerToken | EachOnce;
}

/** The same GET again and again. */
export interface SameRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request for each line of a file of bearer tokens; after the last one again from the first, or never again. */
export interface RequestPerToken {
  readonly tokens: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly again: boolean;
  /** A connection waits for about so long before each, half as long to half as long again. */
  readonly pauseMs?: number;
}

/** The requests of a file that `writeRequests` made, each once; it ends when so many were answered. */
export interface EachOnce {
  readonly file: string;
  readonly count: number;
  /** The statuses that count as answers; 201 alone when left out. */
  readonly answers?: readonly number[];
}

export interface WrkReport {
  readonly requests: number;
  /** Of them, answers above 399. */
  readonly refused: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Corrected for what a slow answer keeps from being asked. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number };
}

interface Summary {
  readonly requests: number;
  readonly durationUs: number;
  readonly failed: number;
  readonly refused: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Said by bench/lua/requests.lua. */
const ALL_ANSWERED = 'all answered';
const US_PER_MS = 1_000;
const US_PER_S = 1_000_000;

/** Runs wrk with one thread. Any lost connection is an error, and so is any answer above 399 that does not count as one. */
export async function runWrk(run: WrkRun): Promise<WrkReport> {
  const { host, port, connections, seconds, requests } = run;
  const common = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '20s'];
  const args = [...common, ...argumentsOf(requests, `http://${host}:${port}`)];
  const running = promisify(execFile)(findWrk(), args);
  // At SIGINT wrk ends as it does when its time is over.
  const stop = () => running.child.kill('SIGINT');
  run.stop?.addEventListener('abort', stop, { once: true });
  process.once('exit', stop);
  running.child.stdout?.on('data', (text: string) => {
    if (text.includes(ALL_ANSWERED)) stop();
  });
  const { stdout } = await running.finally(() => {
    run.stop?.removeEventListener('abort', stop);
    process.off('exit', stop);
  });
  const line = stdout.split('\n').find((text) => text.startsWith('{"requests"'));
  if (line === undefined) throw new Error(`wrk said nothing:\n${stdout}`);
  const summary = JSON.parse(line) as Summary;
  // As many answers that count as there were requests: then there were no others.
  const mayBe = run.mayBeRefused === true || (countsRefusals(requests) && stdout.includes(ALL_ANSWERED));
  const refused = mayBe ? 0 : summary.refused;
  if (summary.failed + refused > 0) throw new Error(`wrk met errors: ${line}`);
  const tookS = summary.durationUs / US_PER_S;
  return {
    requests: summary.requests,
    refused: summary.refused,
    perSecond: summary.requests / tookS,
    seconds: tookS,
    latency: {
      p50: summary.p50 / US_PER_MS,
      p95: summary.p95 / US_PER_MS,
      p99: summary.p99 / US_PER_MS,
    },
  };
}

/** The same load before it counts; none for 0 seconds. */
export async function warmUp(run: WrkRun): Promise<void> {
  if (run.seconds > 0) await runWrk({ ...run, mayBeRefused: true });
}

const countsRefusals = (requests: WrkRun['requests']) =>
  'file' in requests && requests.answers?.some((status) => status >= 400) === true;

function argumentsOf(requests: WrkRun['requests'], url: string): string[] {
  if ('file' in requests) {
    const { file, count, answers = [201] } = requests;
    return ['-s', lua('requests.lua'), url, '--', file, String(count), ...answers.map(String)];
  }
  if ('tokens' in requests) {
    const { tokens, method, path, body = '', again, pauseMs } = requests;
    const pace = pauseMs === undefined ? [] : [String(pauseMs)];
    return [
      '-s',
      lua('bearers.lua'),
      url,
      '--',
      tokens,
      method,
      path,
      body,
      again ? 'again' : 'once',
      ...pace,
    ];
  }
  const headers = Object.entries(requests.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return [...headers, '-s', lua('report.lua'), `${url}${requests.path}`];
}

function lua(file: string): string {
  return fileURLToPath(new URL(`../lua/${file}`, import.meta.url));
}

/** Where wrk is, or an error that says how to get it. */
function findWrk(): string {
  const found = ['/usr/bin/wrk', '/usr/local/bin/wrk', '/opt/homebrew/bin/wrk'].find((place) =>
    existsSync(place),
  );
  if (found === undefined) throw new Error('wrk is not installed; on Debian: apt-get install wrk');
  return found;
}
