/**
 * Goal: what is answered on the short way is, to the byte, what the route would have answered; the plain cases are
 * answered there, and no others.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fan } from '../support/client.ts';
import { openSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let shortAnswers = 0;
beforeAll(async () => {
  world = await createWorld({ onShortAnswer: () => (shortAnswers += 1) });
});
afterAll(() => world[Symbol.asyncDispose]());

interface Plain {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Answered {
  readonly isShort: boolean;
  readonly answer: Plain;
}

async function ask(path: string, headers: Record<string, string>): Promise<Answered> {
  const shortBefore = shortAnswers;
  const response = await fetch(`${world.client().url}/api/v1${path}`, { headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  const given = Object.fromEntries(response.headers);
  // Of the moment, not of the answer.
  const { date: _, ...others } = given;
  const answer = { status: response.status, headers: others, body: bytes.toString('base64') };
  return { isShort: shortAnswers > shortBefore, answer };
}

/** A part of the answer is no plain case: no route gives parts, so it changes nothing else. */
const THE_LONG_WAY = { range: 'bytes=0-' };

async function askTheLongWay(path: string, headers: Record<string, string>): Promise<Plain> {
  const { isShort, answer } = await ask(path, { ...headers, ...THE_LONG_WAY });
  expect(isShort).toBe(false);
  return answer;
}

/** A plain case both ways at the same state: one that has to be looked up, or has moved meanwhile, is asked for again. */
async function expectOneAnswer(path: string, headers: Record<string, string>): Promise<Plain> {
  return await until('it is answered short, and nothing moves between the two ways', async () => {
    const before = await askTheLongWay(path, headers);
    const { isShort, answer } = await ask(path, headers);
    const after = await askTheLongWay(path, headers);
    if (!isShort || JSON.stringify(before) !== JSON.stringify(after)) return false;
    expect(answer).toEqual(before);
    return answer;
  });
}

/** What is no plain case, however it is asked for. */
async function expectTheRoute(path: string, headers: Record<string, string>): Promise<Plain> {
  const { isShort, answer } = await ask(path, headers);
  const long = await askTheLongWay(path, headers);
  expect(isShort).toBe(false);
  expect(answer.status).toBe(long.status);
  expect(Object.keys(answer.headers)).toEqual(Object.keys(long.headers));
  return answer;
}

const bearer = ({ turn }: Fan) => ({ authorization: `Bearer ${turn}` });
const tagOf = ({ headers }: Plain) => headers['etag'] ?? '';

describe('the short way', () => {
  it('tells somebody who waits the same, with and without an estimate, and that nothing is new', async () => {
    const operator = world.client();
    const rooms = [
      { room: 'paused', state: 'PAUSED' },
      { room: 'slow', rateCount: 1, rateWindowMs: 3_600_000 },
      { room: 'full', capacity: 1, rateCount: null, rateWindowMs: null },
    ];
    for (const room of rooms) {
      expect((await operator.operator('POST', '/admin/queue/rooms', room)).status).toBe(201);
      const first = await world.client().fan(room.room);
      const [left, fan] = [await world.client().fan(room.room), await world.client().fan(room.room)];
      await world.client().request('DELETE', '/queue/tokens/me', { token: left.turn });
      expect(first.number).toBe(1);
      const told = await expectOneAnswer('/queue/tokens/me', bearer(fan));
      expect(told.status).toBe(200);
      const known = await expectOneAnswer('/queue/tokens/me', {
        ...bearer(fan),
        'if-none-match': tagOf(told),
      });
      expect(known.status).toBe(304);
      await expectOneAnswer('/queue/tokens/me', { ...bearer(fan), 'if-none-match': '"9.9.9 no such tag"' });
    }
  });

  it('leaves to the route who is not in line any more, and who never was', async () => {
    const inside = await world.client().fan();
    const left = await world.client().fan('paused');
    await world.client().request('DELETE', '/queue/tokens/me', { token: left.turn });
    for (const headers of [bearer(inside), bearer(left), {}, { authorization: 'Bearer nobody' }]) {
      await expectTheRoute('/queue/tokens/me', headers);
    }
  });

  it('gives the same map in each of its forms, and says alike that nothing is new', async () => {
    const { performanceId } = await openSale(world, { seats: 200 });
    const [fan, stranger] = [await world.client().fan(), await world.client().fan('paused')];
    await fan.hold(performanceId, [3, 4]);
    await world.settle();
    const path = `/performances/${performanceId}/seats`;
    for (const accept of ['application/json', 'application/vnd.frontrow.seat-map', '*/*']) {
      for (const encoding of ['gzip', 'identity']) {
        const headers = { ...bearer(fan), accept, 'accept-encoding': encoding };
        const map = await expectOneAnswer(path, headers);
        expect(map.status).toBe(200);
        expect((await expectOneAnswer(path, { ...headers, 'if-none-match': tagOf(map) })).status).toBe(304);
      }
    }
    expect((await expectTheRoute(path, bearer(stranger))).status).toBe(403);
    expect((await expectTheRoute(path, {})).status).toBe(401);
  });
});
