/** Some click twice: the same request, with the same key, in the same moment. */
import type { Reply } from './api.ts';
import { type Fan, nextKey } from './fan.ts';

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
