/** Goal: whoever waits as docs/waiting-room.md says hears of everything. Its client is taken from the page as it stands. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Fan } from '../support/client.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

interface Place {
  readonly state: string;
  readonly ahead: number;
  readonly roomState: string;
}
type WatchPlace = (api: string, token: string, show: (place: Place) => void) => Promise<Place>;

async function takeClient(): Promise<WatchPlace> {
  const page = await readFile(new URL('../../../docs/waiting-room.md', import.meta.url), 'utf8');
  const code = /^```js\n([^]*?)^```/m.exec(page)?.[1] ?? '';
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    watchPlace: WatchPlace;
  };
  return module.watchPlace;
}

describe('whoever watches a place', () => {
  let world: World;
  let watchPlace: WatchPlace;
  beforeAll(async () => {
    world = await createWorld({ instances: 2, env: { QUEUE_CAPACITY: '1' } });
    watchPlace = await takeClient();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** A line of five, and what its last one is shown until the place is over. */
  async function watchTheLast(room: string, api: (own: string) => string = (own) => own) {
    await world.client().operator('POST', '/admin/queue/rooms', { room });
    const fans: Fan[] = [];
    for (let i = 0; i < 5; i++) fans.push(await world.client(i).fan(room));
    const shown: Place[] = [];
    const last = fans[4]?.turn ?? '';
    const over = watchPlace(api(`${world.client(1).url}/api/v1`), last, (place) => void shown.push(place));
    const leave = (index: number) =>
      world.client().request('DELETE', '/queue/tokens/me', { token: fans[index]?.turn });
    const sees = (description: string, isIt: (place: Place) => boolean) =>
      until(description, () => shown.some(isIt));
    return { shown, over, leave, sees };
  }

  it('is shown every step of the line, never a step back, and the end', async () => {
    const { shown, over, leave, sees } = await watchTheLast('told');
    await sees('three are ahead', ({ ahead }) => ahead === 3);
    await leave(2);
    await sees('one of them has left', ({ ahead }) => ahead === 2);
    await leave(0);
    await sees('the next one is let in', ({ ahead }) => ahead === 1);
    await world.client().operator('PATCH', '/admin/queue/rooms/told', { state: 'PAUSED' });
    await sees('the room is paused', ({ roomState }) => roomState === 'PAUSED');
    await world.client().operator('PATCH', '/admin/queue/rooms/told', { state: 'OPEN', capacity: 5 });
    await sees('it is their turn', ({ state }) => state === 'ACTIVE');
    await leave(4);
    expect(await over).toMatchObject({ state: 'LEFT' });
    const aheads = shown.map(({ ahead }) => ahead);
    expect(aheads).toEqual(aheads.toSorted((a, b) => b - a));
  });

  it('is shown the same where a proxy lets no stream through', async () => {
    const { port } = (await startStreamlessProxy(world.client(1).url)).address() as AddressInfo;
    const { shown, over, leave, sees } = await watchTheLast('asked', () => `http://127.0.0.1:${port}/api/v1`);
    await sees('three are ahead', ({ ahead }) => ahead === 3);
    await leave(2);
    await sees('one of them has left', ({ ahead }) => ahead === 2);
    await leave(4);
    expect(await over).toMatchObject({ state: 'LEFT' });
    expect(shown.map(({ ahead }) => ahead)).toEqual(
      shown.map(({ ahead }) => ahead).toSorted((a, b) => b - a),
    );
  });
});

/** Passes everything on but streams, which it refuses as an instance does that has none left. */
async function startStreamlessProxy(target: string): Promise<Server> {
  const proxy = createServer((request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/stream')) {
      response.writeHead(503).end('{}');
      return;
    }
    const { authorization = '', 'if-none-match': known = '' } = request.headers;
    const headers = { authorization, ...(known !== '' && { 'if-none-match': known }) };
    void fetch(`${target}${path}`, { headers }).then(async (answer) => {
      response.writeHead(answer.status, { etag: answer.headers.get('etag') ?? '' });
      response.end(await answer.text());
    });
  });
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', () => resolve()));
  return proxy;
}
