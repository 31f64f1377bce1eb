/** One real PostgreSQL for the whole run. */
import type { TestProject } from 'vitest/node';
import type { TestServer } from './database.ts';
import { startTestServer } from './test-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestServer;
  }
}

/** Called once for each project of the run; they share the server. */
export async function setup(project: TestProject): Promise<void> {
  project.provide('postgres', await (running.frontrowTestServer ??= start()));
}

export async function teardown(): Promise<void> {
  const stop = running.frontrowTestStop;
  delete running.frontrowTestStop;
  await stop?.();
}

/** Vitest loads this file anew for each project, so what they share is kept on the global object. */
const running = globalThis as {
  frontrowTestServer?: Promise<TestServer>;
  frontrowTestStop?: () => Promise<void>;
};

async function start(): Promise<TestServer> {
  const server = await startTestServer();
  running.frontrowTestStop = async () => server[Symbol.asyncDispose]();
  const { host, port, user, password } = server;
  return { host, port, user, password };
}
