import { expect, test } from 'vitest';
import type { Clock } from '../platform/clock.ts';
import { createTokenSigner } from '../platform/signed-token.ts';
import { readPlace, signPlace } from './place-token.ts';

const NOW_MS = Date.parse('2026-11-21T12:00:00.000Z');
const HOUR_MS = 3_600_000;
const holder = {
  userId: '0d9c1c2e-0000-4000-8000-000000000001',
  place: { room: 'main', epoch: 2, number: 48_112 },
};

function signerAt(wallMs: number, byte = 1) {
  const clock: Clock = { monotonicMs: () => 0, wallMs: () => wallMs, sleep: () => Promise.resolve() };
  return createTokenSigner([{ kid: 'k', secret: Buffer.alloc(32, byte) }], clock);
}

test('the queue token holds the UUID of the user, the room, and the number in its line', () => {
  const token = signPlace(signerAt(NOW_MS), holder, NOW_MS);
  const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  expect(payload).toEqual({
    sub: holder.userId,
    room: 'main',
    epoch: 2,
    n: 48_112,
    iat: NOW_MS / 1000,
    exp: NOW_MS / 1000 + 24 * 3600,
  });
});

test('the queue token is the place, at any instance, for a day', () => {
  const token = signPlace(signerAt(NOW_MS), holder, NOW_MS);
  expect(readPlace(signerAt(NOW_MS + 23 * HOUR_MS), token)).toEqual(holder);
  expect(readPlace(signerAt(NOW_MS + 25 * HOUR_MS), token)).toBeUndefined();
});

test('what is signed by somebody else, of another kind, or incomplete is no place', () => {
  const signer = signerAt(NOW_MS);
  const claims = { sub: holder.userId, room: 'main', epoch: 2, n: 48_112 };
  expect(readPlace(signer, signer.sign('queue', claims))).toEqual(holder);
  const others = [
    signPlace(signerAt(NOW_MS, 2), holder, NOW_MS),
    signer.sign('ticket', claims),
    ...Object.keys(claims).map((name) => signer.sign('queue', { ...claims, [name]: undefined })),
    'nonsense',
  ];
  expect(others.map((token) => readPlace(signer, token))).toEqual(others.map(() => undefined));
});
