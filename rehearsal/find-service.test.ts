import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findService, HoldNotOurs } from './find-service.ts';
import { type OnsaleOptions, readOptions } from './options.ts';

let running: Server;
let url: string;
beforeEach(async () => {
  running = createServer((_request, response) => response.end('{"status":"live"}'));
  await new Promise<void>((resolve) => running.listen(0, '127.0.0.1', resolve));
  const { port } = running.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
  vi.stubEnv('HOST', '127.0.0.1');
  vi.stubEnv('PORT', String(port));
  vi.stubEnv('OPERATOR_TOKEN', 'operator-token-of-this-test-0123456789');
});
afterEach(() => {
  vi.unstubAllEnvs();
  running.closeAllConnections();
  running.close();
});

const optionsOf = (...args: string[]) => readOptions(args) as OnsaleOptions;

test('a service that runs here is taken as it is', async () => {
  await using found = await findService(optionsOf());
  expect(found).toMatchObject({ urls: [url], holdTtlMs: undefined });
});

test('how long seats are held cannot be said to a service that runs here', async () => {
  const finding = findService(optionsOf('--hold-seconds', '10'));
  await expect(finding).rejects.toThrow(HoldNotOurs);
  await expect(finding).rejects.toThrow(`one runs at ${url}, with its own setting`);
});
