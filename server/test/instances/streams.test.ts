/** Goal: the streams of an account are bounded, of whatever they tell; the bound is an instance's own. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import type { Fan } from '../support/client.ts';
import { type EventClient, openEvents } from '../support/event-client.ts';
import { openSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const PLACE = '/queue/tokens/me/stream';

let world: World;
let map: string;
let fans: readonly Fan[];
beforeAll(async () => {
  world = await createWorld({ instances: 2 });
  map = `/performances/${(await openSale(world)).performanceId}/seats/stream`;
  fans = await Promise.all([world.client().fan(), world.client().fan()]);
});
afterAll(() => world[Symbol.asyncDispose]());

function listen(path: string, { fan = 0, instance = 0 } = {}): Promise<EventClient> {
  return openEvents(`${world.client(instance).url}/api/v1${path}`, { token: fans[fan]?.turn ?? '' });
}

/** As an answer, and not as a stream that would have to be closed. */
async function refusalOf(path: string): Promise<unknown> {
  using answer = await listen(path);
  await until('it is answered', () => answer.isEnded);
  return { status: answer.status, code: (JSON.parse(answer.text) as { code: string }).code };
}

it('places and maps share the three that an account has at an instance, and one that closes is free again', async () => {
  using open = new DisposableStack();
  const opened = [open.use(await listen(PLACE)), open.use(await listen(PLACE)), open.use(await listen(map))];
  expect(opened.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(opened).toHaveLength(limits.streams.perAccountMax);
  const tooMany = { status: 429, code: 'stream.too-many' };
  expect([await refusalOf(PLACE), await refusalOf(map)]).toEqual([tooMany, tooMany]);

  expect(open.use(await listen(map, { fan: 1 })).status).toBe(200);
  expect(open.use(await listen(map, { instance: 1 })).status).toBe(200);

  opened[0]?.[Symbol.dispose]();
  await until('the place that closed has made room for a map', async () => {
    const again = open.use(await listen(map));
    return again.status === 200;
  });
  expect(await refusalOf(PLACE)).toEqual(tooMany);
});
