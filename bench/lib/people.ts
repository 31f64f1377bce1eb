/** People with accounts: access tokens signed with the service's own key, so that making a million takes seconds. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { newUuid } from '../../server/src/platform/identifiers.ts';
import { createTokenSigner, type TokenSigner } from '../../server/src/platform/signed-token.ts';
import { systemClock } from '../../server/src/platform/clock.ts';
import { parseSigningKeys } from '../../server/src/config/secrets.ts';
import { SIGNING_KEYS } from './stage.ts';

/** Signs what the service signs. */
export const createSigner = (): TokenSigner =>
  createTokenSigner(parseSigningKeys([SIGNING_KEYS]), systemClock);

/** Makes people, one after the other. */
export function createPeople(): () => string {
  const signer = createSigner();
  return () => signer.sign('account', { sub: newUuid() });
}

/** Writes so many access tokens of different people to the file, one in a line. */
export async function writeCrowd(file: string, count: number): Promise<void> {
  const person = createPeople();
  const stream = createWriteStream(file);
  const lines = 1_000;
  for (let left = count; left > 0; left -= lines) {
    const chunk = Array.from({ length: Math.min(lines, left) }, () => `${person()}\n`).join('');
    if (!stream.write(chunk)) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
}
