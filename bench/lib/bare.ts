/** The reference of what is read, as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunningService, Stage } from './stage.ts';

const BARE = fileURLToPath(new URL('../bare-fastify.ts', import.meta.url));

export interface Answer {
  readonly path: string;
  readonly status: number;
  /** Without those that belong to the connection or the moment. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it was sent, packed or not. */
  readonly body: Uint8Array;
}

const NOT_KEPT = new Set(['connection', 'keep-alive', 'date', 'content-length', 'transfer-encoding']);

/** What the service answers to one such request, byte for byte. */
export async function sampleAnswer(
  { host, port }: Pick<RunningService, 'host' | 'port'>,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const sent = get({ host, port, path, headers });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = await buffer(response);
  const status = response.statusCode ?? 0;
  if (status === 503) {
    // it has just begun, and says so
    await delay(1_000);
    return sampleAnswer({ host, port }, path, headers);
  }
  if (status !== 200 && status !== 304) throw new Error(`${path}: ${status} ${body.toString()}`);
  const kept = Object.entries(response.headers).filter(([name]) => !NOT_KEPT.has(name));
  return {
    path,
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    body,
  };
}

/** A bare Fastify that gives that answer to every request for its path. */
export async function startBare(stage: Stage, { body, ...answer }: Answer): Promise<RunningService> {
  const file = join(stage.folder, 'bare-body');
  await writeFile(file, body);
  const child = spawn(process.execPath, [BARE, JSON.stringify(answer), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    host: '127.0.0.1',
    port: Number(new URL(line).port),
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
