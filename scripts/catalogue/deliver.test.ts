import { expect, test } from 'vitest';
import { deliver, type Delivery, newDelivery } from './deliver.ts';
import { type CatalogueFile, FORMAT } from './file.ts';
import type { Answer, OperatorApi } from '../support/operator-api.ts';

/** As many performances of one hall as there are sizes, each at a layout of its size. */
function catalogueOf(...sizes: readonly number[]): CatalogueFile {
  const names = sizes.map((_, index) => `L${index}`);
  const layouts = names.map((name, index) => ({
    name,
    sections: [{ name: '전석', seatCount: sizes[index] ?? 0, rowLength: 1 }],
  }));
  const at = '2090-01-01T00:00:00.000Z';
  return {
    format: FORMAT,
    venues: [{ key: 'jazz', name: '홀', city: '서울', layouts }],
    concerts: [{ key: 'jazz', title: '재즈', description: '', genre: '재즈' }],
    performances: names.map((layout) => ({
      key: layout,
      concert: 'jazz',
      venue: 'jazz',
      layout,
      room: 'main',
      startsAt: at,
      saleOpensAt: '2089-01-01T00:00:00.000Z',
      saleClosesAt: at,
      seatsPerPerson: 1,
      prices: [{ section: '전석', priceKrw: 1 }],
    })),
  };
}

/** A service that lays a performance out when it is asked about it for the second time. */
function serviceOf(catalogue: CatalogueFile, options: { laysOut?: boolean } = {}) {
  const asked = new Map<number, number>();
  const keys: string[] = [];
  let underWay = 0;
  let most = 0;
  const layouts = (catalogue.venues[0]?.layouts ?? []).map(({ name, sections }, index) => ({
    layoutId: index,
    name,
    seatCount: sections[0]?.seatCount ?? 0,
  }));
  const sizeOf = (layoutId: number) => layouts[layoutId]?.seatCount ?? 0;
  const ok = (body: Record<string, unknown>): Answer => ({ kind: 'ok', body, isReplay: false });
  const api: OperatorApi = {
    url: '',
    post: async (path, body, key) => {
      keys.push(key);
      if (path === '/admin/venues') return ok({ venueId: 1, layouts });
      if (path === '/admin/concerts') return ok({ concertId: 1 });
      const { layoutId } = body as { layoutId: number };
      underWay += sizeOf(layoutId);
      most = Math.max(most, underWay);
      return ok({ performanceId: layoutId });
    },
    get: async (path) => {
      const id = Number(path.split('/').at(-1));
      const times = (asked.get(id) ?? 0) + 1;
      asked.set(id, times);
      if (options.laysOut === false || times < 2) return ok({ remaining: null });
      underWay -= sizeOf(id);
      return ok({ remaining: sizeOf(id) });
    },
  };
  return { api, keys, most: () => most };
}

/** Pauses take no time, and the clock goes on by them. */
function quickClock() {
  let nowMs = 0;
  const sleep = async (ms: number) => {
    nowMs += ms;
  };
  return { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep };
}

async function run(catalogue: CatalogueFile, api: OperatorApi): Promise<Delivery> {
  const delivery = newDelivery(catalogue);
  const signal = new AbortController().signal;
  await deliver(catalogue, delivery, { api, clock: quickClock(), signal, onProgress: () => {} });
  return delivery;
}

test('the next performance waits until so many seats are laid out that it fits, and all are at the end', async () => {
  const catalogue = catalogueOf(20_000, 20_000, 20_000, 10_000, 30_000);
  const service = serviceOf(catalogue);
  const delivery = await run(catalogue, service.api);
  expect(service.most()).toBe(50_000);
  expect(delivery).toMatchObject({ isComplete: true, seats: { total: 100_000, done: 100_000 }, refused: [] });
  expect(delivery.counts.performances).toEqual({ there: 5, before: 0 });
});

test('a performance that is larger than that goes alone', async () => {
  const catalogue = catalogueOf(10_000, 200_000, 10_000);
  const service = serviceOf(catalogue);
  expect((await run(catalogue, service.api)).isComplete).toBe(true);
  expect(service.most()).toBe(200_000);
});

test('when seats are not laid out at all, it ends and says which', async () => {
  const catalogue = catalogueOf(100, 50_000);
  const { api } = serviceOf(catalogue, { laysOut: false });
  await expect(run(catalogue, api)).rejects.toThrow('the seats of performance 0 are not being laid out');
});

test('the same file is sent under the same keys, each thing under its own', async () => {
  const catalogue = catalogueOf(10, 20);
  const [first, second] = [serviceOf(catalogue), serviceOf(catalogue)];
  await run(catalogue, first.api);
  await run(catalogue, second.api);
  expect(second.keys).toEqual(first.keys);
  expect(new Set(first.keys).size).toBe(4);
});

test('as long as a concert is refused, no performance is sent', async () => {
  const catalogue = catalogueOf(10);
  const service = serviceOf(catalogue);
  const paths: string[] = [];
  const api: OperatorApi = {
    ...service.api,
    post: (path, body, key) => {
      paths.push(path);
      const refused: Answer = { kind: 'refused', status: 422, code: 'idempotency.key-reused', why: '' };
      return path === '/admin/concerts' ? Promise.resolve(refused) : service.api.post(path, body, key);
    },
  };
  const delivery = await run(catalogue, api);
  expect(paths).toEqual(['/admin/venues', '/admin/concerts']);
  expect(delivery).toMatchObject({
    isComplete: false,
    refused: [{ path: '/concerts/0', message: expect.stringContaining('("jazz") differs from what was') }],
  });
});
