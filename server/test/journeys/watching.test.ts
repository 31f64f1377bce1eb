/** Goal: whoever waits as docs/waiting-room.md says hears of everything. Its client is taken from the page as it stands. */
import { readFile } from 'node:fs/promises';
import { createServer, request as send, type RequestListener } from 'node:http';
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
interface Patience {
  readonly silentMs?: number;
  readonly withoutStreamMs?: number;
}
type WatchPlace = (
  api: string,
  token: string,
  show: (place: Place) => void,
  patience?: Patience,
) => Promise<Place>;

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
  async function watchTheLast(room: string, by = world.client(1).url, patience: Patience = {}) {
    await world.client().operator('POST', '/admin/queue/rooms', { room });
    const fans: Fan[] = [];
    for (let i = 0; i < 5; i++) fans.push(await world.client(i).fan(room));
    const shown: Place[] = [];
    const last = fans[4]?.turn ?? '';
    const over = watchPlace(`${by}/api/v1`, last, (place) => void shown.push(place), patience);
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
    const proxy = await startProxy(world.client(1).url, (_, response) => {
      response.writeHead(503).end('{}'); // as an instance does that has none left
    });
    const { shown, over, leave, sees } = await watchTheLast('asked', proxy.url);
    await sees('three are ahead', ({ ahead }) => ahead === 3);
    await leave(2);
    await sees('one of them has left', ({ ahead }) => ahead === 2);
    await leave(4);
    expect(await over).toMatchObject({ state: 'LEFT' });
    expect(shown.map(({ ahead }) => ahead)).toEqual(
      shown.map(({ ahead }) => ahead).toSorted((a, b) => b - a),
    );
  });

  it('asks where a proxy keeps streams to itself, tries one now and then, and leaves none behind', async () => {
    const target = world.client(1).url;
    let tries = 0;
    const proxy = await startProxy(target, (request, response) => {
      tries++;
      const upstream = send(`${target}${request.url}`, { headers: request.headers, agent: false }, (answer) =>
        answer.resume(),
      );
      upstream.on('error', () => {}).end();
      // As nginx does: who goes away is not waited for.
      response.on('close', () => upstream.destroy());
    });
    const { over, leave, sees } = await watchTheLast('kept', proxy.url, {
      silentMs: 500,
      withoutStreamMs: 2_500,
    });
    await sees('three are ahead', ({ ahead }) => ahead === 3);
    await leave(2);
    await sees('one of them has left', ({ ahead }) => ahead === 2);
    await until('a stream was tried for the third time', () => tries === 3, 20_000);
    // At the pace of the asking, not of the streams.
    expect(proxy.asked()).toBeGreaterThan(tries);
    await until('no stream is left at the service', async () => (await streamsOpen()) === 0);
    await leave(4);
    expect(await over).toMatchObject({ state: 'LEFT' });
  });

  async function streamsOpen(): Promise<number> {
    const metrics = (await world.instances[1]?.context.metrics.text()) ?? '';
    return Number(/^frontrow_streams_open (\d+)$/m.exec(metrics)?.[1]);
  }
});

interface Proxy {
  readonly url: string;
  /** How many requests were passed on. */
  asked(): number;
}

/** Passes everything on but streams. */
async function startProxy(target: string, onStream: RequestListener): Promise<Proxy> {
  let asked = 0;
  const proxy = createServer((request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/stream')) {
      onStream(request, response);
      return;
    }
    asked++;
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
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked: () => asked };
}
