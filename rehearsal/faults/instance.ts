/** An instance of the service as a process, started as `npm start` starts it, on a port that it keeps. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../../scripts/support/run.ts';
import { startFlags } from '../../scripts/support/start-flags.ts';

export interface Instance extends AsyncDisposable {
  readonly name: string;
  /** The same over all its lives. */
  readonly url: string;
  readonly pid: number;
  /** How often it ended without having been told to. */
  readonly ownEnds: number;
  /** SIGKILL: no goodbye, no flush. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
  /** After `kill` or `stop`: again, on the same port. Waits until it is open. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

export interface InstanceOptions {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it prints is kept there. */
  readonly logFile: string;
}

interface Life {
  readonly child: ChildProcess;
  readonly url: string;
  readonly ended: Promise<unknown>;
}

/** As a supervisor would: one that cannot start is started again, for so long. */
const START_MAX_MS = 60_000;
const START_PAUSE_MS = 500;
/** From its first line to being open, the migration included. */
const OPEN_MAX_MS = 120_000;
const STOP_MAX_MS = 20_000;

export async function startInstance({ name, env, logFile }: InstanceOptions): Promise<Instance> {
  let life = await live({ ...env, PORT: '0' }, logFile);
  const { url } = life;
  const port = new URL(url).port;
  let isEnding = false;
  let ownEnds = 0;

  const watch = ({ child }: Life) => {
    child.once('exit', () => {
      if (!isEnding) ownEnds += 1;
    });
  };
  watch(life);

  async function end(signal: NodeJS.Signals): Promise<void> {
    isEnding = true;
    const { child, ended } = life;
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const late = sleep(STOP_MAX_MS, 'late', { ref: false });
    if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
    await ended;
  }

  return {
    name,
    url,
    get pid() {
      return life.child.pid ?? 0;
    },
    get ownEnds() {
      return ownEnds;
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start: async () => {
      life = await liveAtLast({ ...env, PORT: port }, logFile);
      isEnding = false;
      watch(life);
    },
    freeze: () => void life.child.kill('SIGSTOP'),
    thaw: () => void life.child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      life.child.kill('SIGCONT');
      await end('SIGTERM');
    },
  };
}

async function liveAtLast(env: Readonly<Record<string, string>>, logFile: string): Promise<Life> {
  const endMs = performance.now() + START_MAX_MS;
  for (;;) {
    try {
      return await live(env, logFile);
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await sleep(START_PAUSE_MS);
    }
  }
}

async function live(env: Readonly<Record<string, string>>, logFile: string): Promise<Life> {
  const child = spawn(process.execPath, [...startFlags(), `${ROOT}scripts/start.mjs`], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const log = createWriteStream(logFile, { flags: 'a' });
  const lastLines: string[] = [];
  const note = (line: string) => {
    log.write(`${line}\n`);
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
  };
  child.once('close', () => log.end());
  createInterface({ input: child.stderr }).on('line', note);
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the instance was not open after ${OPEN_MAX_MS / 1000} s:\n${lastLines.join('\n')}`));
    }, OPEN_MAX_MS);
    createInterface({ input: child.stdout }).on('line', (line) => {
      note(line);
      const found = /^Frontrow is open: (http:\S+)$/.exec(line)?.[1];
      if (found === undefined) return;
      clearTimeout(late);
      resolve(found);
    });
    child.once('error', reject);
    child.once('close', () => clearTimeout(late));
    child.once('exit', (code) =>
      reject(new Error(`the instance ended with ${code}:\n${lastLines.join('\n')}`)),
    );
  });
  return { child, url, ended };
}
