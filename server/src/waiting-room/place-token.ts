/** The queue token: a signed place. It is the proof of the place even when every cache is gone. */
import type { Place } from '#contract/ids.ts';
import type { TokenSigner } from '../platform/signed-token.ts';

/** A day: longer than any line, and joining again gives the same place with a fresh token. */
const TTL_SECONDS = 24 * 60 * 60;

export interface Holder {
  readonly userId: string;
  readonly place: Place;
}

export function signPlace(signer: TokenSigner, { userId, place }: Holder, nowMs: number): string {
  const { room, epoch, number } = place;
  const exp = Math.floor(nowMs / 1000) + TTL_SECONDS;
  return signer.sign('queue', { sub: userId, room, epoch, n: number, exp });
}

/** Whose place it is; undefined for anything that is not a queue token of ours. */
export function readPlace(signer: TokenSigner, token: string): Holder | undefined {
  const claims = signer.verify('queue', token);
  if (claims === undefined) return undefined;
  const { sub, room, epoch, n } = claims;
  const isOurs =
    typeof sub === 'string' && typeof room === 'string' && typeof epoch === 'number' && typeof n === 'number';
  return isOurs ? { userId: sub, place: { room, epoch, number: n } } : undefined;
}
