/**
 * Goal: a SIGKILL in the middle of purchases loses nothing that was answered and leaves nothing hanging.
 * Method: fans buy as fast as they can against the real process on its embedded PostgreSQL; the process is
 * killed without warning, three times; every answer is remembered and compared with what the next start says.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient, type Fan } from '../support/client.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { scheduleSale } from '../support/sale.ts';
import { startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';

const FANS = 60;
const PRICE_KRW = 10_000;
const ENV = { QUEUE_CAPACITY: '100000', QUEUE_RATE_COUNT: '100000' };

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

interface Story {
  readonly fan: { account: string; turn: string };
  charged: boolean;
  reservationId?: string;
  paid: boolean;
}

/** One fan's purchase; whatever is not answered stays unknown. */
async function buy(fan: Fan, performanceId: number, seat: number, story: Story): Promise<void> {
  const charged = await fan.charge(PRICE_KRW, 'charge');
  story.charged = charged.status === 201;
  const held = await fan.hold(performanceId, [seat], { key: 'hold' });
  if (held.status !== 201) return;
  story.reservationId = String(held.body['reservationId']);
  const paid = await fan.pay(story.reservationId, 'pay');
  story.paid = paid.status === 201;
}

it('keeps every promise through three kills and finishes what was under way', async () => {
  let service = await startProcess(folder.path, ENV);
  const { performanceId } = await scheduleSale(createClient(service.url, OPERATOR_TOKEN), {
    seats: FANS * 3,
    priceKrw: PRICE_KRW,
  });
  const stories: Story[] = [];

  for (let round = 0; round < 3; round++) {
    const client = createClient(service.url, OPERATOR_TOKEN);
    await until('the sale has its seats', async () => {
      const probe = await client.fan();
      return (await client.get(`/performances/${performanceId}/seats`, probe.turn)).status === 200;
    });
    const fans = await Promise.all(Array.from({ length: FANS }, () => client.fan()));
    let answered = 0;
    const buying = fans.map(async (fan, index) => {
      const story: Story = { fan, charged: false, paid: false };
      stories.push(story);
      await buy(fan, performanceId, round * FANS + index + 1, story).catch(() => {}); // the connection broke
      answered++;
    });
    await until(
      'some have finished and some have not',
      () => answered > 5 || stories.filter((s) => s.paid).length > 5,
    );
    await service.kill();
    await Promise.all(buying);
    service = await startProcess(folder.path, ENV);
  }

  await using last = service;
  const client = createClient(last.url, OPERATOR_TOKEN);
  expect(stories.filter((story) => story.paid).length).toBeGreaterThan(15);
  for (const story of stories) {
    const { account } = story.fan;
    const status = async () => {
      if (story.reservationId === undefined) return undefined;
      return (await client.get(`/reservations/${story.reservationId}`, account)).body['status'];
    };
    if (story.paid) await until('what was paid is confirmed', async () => (await status()) === 'CONFIRMED');
    else if (story.reservationId !== undefined) expect(['HELD', 'CONFIRMED']).toContain(await status());

    // Where the answer was lost, the same key tells, and there is one effect.
    const again = await client.post('/wallet/charges', {
      token: account,
      body: { amount: PRICE_KRW },
      key: 'charge',
    });
    expect(again.status).toBe(201);
    if (story.charged) expect(again.headers.get('idempotent-replayed')).toBe('true');
    const bought = (await status()) === 'CONFIRMED';
    expect((await client.get('/wallet', account)).body['balance']).toBe(bought ? 0 : PRICE_KRW);
    const tickets = await client.get<{ tickets: unknown[] }>('/tickets', account);
    expect(tickets.body.tickets).toHaveLength(bought ? 1 : 0);
  }
}, 120_000);
