/** How a request of a fan is sent: some click twice, and whoever is too quick tries again. */
import type { What } from '../history/operation.ts';
import type { Reply } from './api.ts';
import { type Fan, isStopped, nextKey, pause } from './fan.ts';

/** The same request, with the same key, in the same moment. */
export async function clicked<W extends 'hold' | 'pay'>(
  fan: Fan,
  send: (key: string) => Promise<Reply<W>>,
): Promise<Reply<W>> {
  const key = nextKey(fan);
  if (!fan.plan.does.has('clicks-twice')) return send(key);
  fan.story.did.add('clicks-twice');
  const [one, other] = await Promise.all([send(key), send(key)]);
  return one.outcome === 'ok' ? one : other;
}

const THERE_WITHIN_MS = 30_000;
const AGAIN_MS = 500;

/**
 * A reservation follows from a hold within milliseconds, and a request that comes sooner waits for it, up to a second.
 * On a day on which that is not enough people try again.
 */
export async function onceThere<W extends What>(fan: Fan, send: () => Promise<Reply<W>>): Promise<Reply<W>> {
  const { clock } = fan.crowd.api;
  const untilMs = clock.monotonicMs() + THERE_WITHIN_MS;
  for (;;) {
    const reply = await send();
    const isMissing = reply.outcome === 'refused' && reply.problem === 'reservation.not-found';
    if (!isMissing || isStopped(fan) || clock.monotonicMs() > untilMs) return reply;
    await pause(fan, AGAIN_MS);
  }
}
