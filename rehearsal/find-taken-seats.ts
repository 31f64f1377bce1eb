/**
 * Which seats are taken before the crowd comes, as the public sees it. Only whoever was let in sees a map: somebody takes
 * a place in the real line, waits for their turn, looks, and leaves it again.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../server/src/platform/clock.ts';
import { pause } from '../scripts/support/operator-api.ts';
import { calls } from './crowd/calls.ts';
import type { Exchange, Message } from './crowd/exchange.ts';
import type { Target } from './crowd/fan.ts';
import { NoTarget } from './target.ts';

const WITHIN_MS = 60_000;
const AGAIN_MS = 500;

export async function findTakenSeats(
  target: Target,
  deps: { readonly exchange: Exchange; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<number[]> {
  const { exchange, clock, signal } = deps;
  const untilMs = clock.monotonicMs() + WITHIN_MS;
  const ask = async (message: Message) => {
    for (;;) {
      const { status, text } = await exchange.send(0, message);
      if (status >= 200 && status < 300)
        return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      if (clock.monotonicMs() > untilMs) {
        throw new NoTarget(
          `which seats of performance ${target.performanceId} are taken could not be seen: ${status} ${text}. ` +
            `Its line, ${target.room}, must be open and nearly empty`,
        );
      }
      await pause(clock, AGAIN_MS, signal);
    }
  };
  const guest = await ask({ ...calls.guest(), key: randomUUID() });
  const place = await ask(calls.join(String(guest['accessToken']), target.room));
  const token = String(place['token']);
  // Refused until it is our turn.
  const map = await ask(calls.map(token, target.performanceId));
  await ask(calls.leave(token, target.room));
  const free = new Set(map['seats'] as number[]);
  return Array.from({ length: target.seatCount }, (_, index) => index + 1).filter((seat) => !free.has(seat));
}
