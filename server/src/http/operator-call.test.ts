import { expect, test } from 'vitest';
import { createEdge } from '../../test/support/edge.ts';
import { operatorCallOf } from './route.ts';

async function callOver(trustProxyHops: number, forwardedFor: string) {
  await using edge = await createEdge({
    trustProxyHops,
    routes: (api) => api.get('/call', (request, reply) => reply.send(operatorCallOf(request))),
  });
  const port = await edge.listen();
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/call`, {
    headers: { 'x-forwarded-for': forwardedFor },
  });
  return await answer.json();
}

test('the address of a call is the one that trusted proxies saw, and nobody else’s word', async () => {
  const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/);
  const through = '198.51.100.9, 203.0.113.5';
  expect(await callOver(0, through)).toEqual({ requestId, address: '127.0.0.1' });
  expect(await callOver(1, through)).toEqual({ requestId, address: '203.0.113.5' });
  expect(await callOver(2, through)).toEqual({ requestId, address: '198.51.100.9' });
});

test('an address that no address is that long is cut', async () => {
  expect(await callOver(1, 'x'.repeat(4_000))).toMatchObject({ address: 'x'.repeat(64) });
});
