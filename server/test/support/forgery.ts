/** Tokens that must open nothing. */
import { createTokenSigner, type TokenSigner } from '../../src/platform/signed-token.ts';
import { systemClock } from '../../src/platform/clock.ts';

/** By what is wrong with them; all but the last few are made from a token that is good. */
export function forgeries(
  genuine: string,
  type: 'account' | 'queue',
  signer: TokenSigner,
): [string, string][] {
  const [header = '', payload = '', signature = ''] = genuine.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const head = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
  const stranger = createTokenSigner(
    [{ kid: String(head['kid']), secret: Buffer.alloc(32, 9) }],
    systemClock,
  );
  const otherType = type === 'account' ? 'queue' : 'account';
  const nowSeconds = Math.floor(Date.now() / 1000);
  const somebodyElse = encode({ ...claims, sub: '0d9c1c2e-0000-4000-8000-000000000001' });
  return [
    ['a bit of its header flipped', [flipped(header), payload, signature].join('.')],
    ['a bit of its claims flipped', [header, flipped(payload), signature].join('.')],
    ['a bit of its signature flipped', [header, payload, flipped(signature)].join('.')],
    ['somebody else in its claims', [header, somebodyElse, signature].join('.')],
    ['no signature', [header, payload, ''].join('.')],
    ['alg none', [encode({ ...head, alg: 'none' }), payload, ''].join('.')],
    ['alg none and a signature', [encode({ ...head, alg: 'none' }), payload, signature].join('.')],
    ['another algorithm', [encode({ ...head, alg: 'HS512' }), payload, signature].join('.')],
    ['an unknown key', [encode({ ...head, kid: 'other' }), payload, signature].join('.')],
    ['a key of its own', [encode({ ...head, jwk: { kty: 'oct', k: 'AA' } }), payload, signature].join('.')],
    ['the header of another type', [encode({ ...head, typ: otherType }), payload, signature].join('.')],
    ['a fourth part', `${genuine}.${signature}`],
    ['padding', `${genuine}=`],
    ['too much of it', `${genuine}${'A'.repeat(4_000)}`],
    ['a stranger’s key', stranger.sign(type, claims)],
    ['another type of the same key', signer.sign(otherType, claims)],
    ['a ticket of the same key', signer.sign('ticket', claims)],
    ['its end behind it', signer.sign(type, { ...claims, exp: nowSeconds - 1 })],
    ['its end at this moment', signer.sign(type, { ...claims, exp: nowSeconds })],
  ];
}

/** The same text with another character in its middle. */
function flipped(text: string): string {
  const at = Math.floor(text.length / 2);
  const bytes = Buffer.from(text);
  bytes[at] = (bytes[at] ?? 0) === 0x41 ? 0x42 : 0x41;
  return bytes.toString();
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
