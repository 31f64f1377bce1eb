/**
 * Goal: PostgreSQL dying under the service costs nobody anything that was answered, and heals by itself.
 * Method: fans buy through the real process; the embedded postmaster is killed with SIGKILL in the middle.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Answer, createClient, type Fan } from '../support/client.ts';
import { temporaryFolder } from '../support/folder.ts';
import { scheduleSale } from '../support/sale.ts';
import { startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';

const FANS = 40;
const PRICE_KRW = 10_000;

it('answers 503 meanwhile, goes on without a restart, and one key is one effect', async () => {
  await using stack = new AsyncDisposableStack();
  const { path: dataDir } = stack.use(await temporaryFolder());
  const service = stack.use(
    await startProcess(dataDir, { QUEUE_RATE_COUNT: '10000', QUEUE_CAPACITY: '10000' }),
  );
  const client = createClient(service.url, OPERATOR_TOKEN);
  const { performanceId } = await scheduleSale(client, { seats: FANS, priceKrw: PRICE_KRW });
  const fans = await Promise.all(Array.from({ length: FANS }, () => client.fan()));
  await until('the seats are laid out', async () => {
    const [fan] = fans;
    return (await client.get(`/performances/${performanceId}/seats`, fan?.turn)).status === 200;
  });

  const seen: number[] = [];
  /** What a careful client does: the same request with the same key until it is answered for good. */
  const insist = (ask: () => Promise<Answer>) =>
    until(
      'it is answered',
      async () => {
        const answer = await ask();
        seen.push(answer.status);
        return answer.status < 500 && answer;
      },
      30_000,
    );
  const buy = async (fan: Fan, index: number): Promise<void> => {
    await insist(() => fan.charge(PRICE_KRW, 'charge'));
    const held = await insist(() => fan.hold(performanceId, [index + 1], { key: 'hold' }));
    expect(held.status).toBe(201);
    const paid = await insist(() => fan.pay(String(held.body['reservationId']), 'pay'));
    expect(paid.status).toBe(201);
  };
  const buying = fans.map(buy);
  await until('some requests were answered', () => seen.length > FANS / 2);
  const pid = Number((await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGKILL');
  await Promise.all(buying);

  for (const fan of fans) {
    await until('there is one ticket', async () => {
      const { body } = await client.get<{ tickets?: unknown[] }>('/tickets', fan.account);
      return body.tickets?.length === 1;
    });
    expect(await fan.balance()).toBe(0);
  }
}, 90_000);
