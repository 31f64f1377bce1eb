/**
 * Goal: an instance that stays up while an older copy of the data takes over behind its address serves what there is,
 * and nothing that it remembers of the commits that are lost. Method: a real server whose data folder is put back,
 * fans who have seen the lost commits, and an operator who raises the room's epoch.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { type Service, startService } from '../../src/service.ts';
import { createClient, type Client, type Fan } from '../support/client.ts';
import { temporaryFolder } from '../support/folder.ts';
import { createLogRecorder, type LogRecorder } from '../support/log-recorder.ts';
import { type RestorableServer, startRestorableServer } from '../support/restorable-server.ts';
import { scheduleSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';

const PRICE_KRW = 10_000;
const SEATS = 12;

let stack: AsyncDisposableStack;
let server: RestorableServer;
let service: Service;
let client: Client;
let log: LogRecorder;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  server = stack.use(await startRestorableServer());
  const { path } = stack.use(await temporaryFolder());
  log = createLogRecorder();
  const { config, secrets } = loadConfig({
    PORT: '0',
    DATA_DIR: path,
    DATABASE_URL: server.url,
    OPERATOR_TOKEN,
    DEMO_CATALOGUE: 'off',
    QUEUE_CAPACITY: '2',
    QUEUE_RATE_COUNT: '100000',
  });
  service = stack.use(await startService(config, secrets, log.logger, { eventLoopDelayMs: () => 0 }));
  client = createClient(service.url, OPERATOR_TOKEN);
}, 60_000);
afterAll(() => stack.disposeAsync());

const standing = async (fan: Fan) => (await client.get('/queue/tokens/me', fan.turn)).body;
const room = async () => (await client.operator('GET', '/admin/queue/rooms/main')).body;

/** All that is asked of it is answered again. */
async function untilBack(fan: Fan): Promise<void> {
  await until('the service answers again', async () => {
    const paths = ['/queue/tokens/me', '/queue/rooms/main', '/concerts'];
    const answers = await Promise.all(paths.map((path) => client.get(path, fan.turn)));
    return answers.every(({ status }) => status === 200);
  });
}

async function buy(fan: Fan, performanceId: number, seatNo: number): Promise<void> {
  await fan.charge(PRICE_KRW);
  const held = await fan.hold(performanceId, [seatNo]);
  expect(held).toMatchObject({ status: 201 });
  // A reader that met the server while it was away may pause for a moment longer than a payment waits.
  await until('it is paid', async () => {
    return (await fan.pay(String(held.body['reservationId']), 'pay')).status === 201;
  });
  await until('there is a ticket', async () => {
    const { body } = await client.get<{ tickets: unknown[] }>('/tickets', fan.account);
    return body.tickets.length === 1;
  });
}

/** Everybody takes it in the order of the line: whose turn it is buys, and the next one is let in. */
async function untilTurnOf(fan: Fan): Promise<void> {
  await until('it is their turn', async () => (await standing(fan))['state'] === 'ACTIVE');
}

const seatCountOf = async (performanceId: number) =>
  (await client.get(`/performances/${performanceId}/layout`)).body['seatCount'];

it('serves the restored line, seats and catalogue; what was given and lost is refused; all buy in order', async () => {
  const { performanceId } = await scheduleSale(client, { seats: SEATS, priceKrw: PRICE_KRW });
  const [first, second] = [await client.fan(), await client.fan()];
  const [third, fourth] = [await client.fan(), await client.fan()];
  const seats = () => client.get(`/performances/${performanceId}/seats`, first.turn);
  await until('the seats are laid out', async () => (await seats()).status === 200);

  await server.keep();
  await untilBack(third);

  // What will be lost: a hold that the board knows, places in line of which one was left, and another sale.
  const gone = [await client.fan(), await client.fan()] as const;
  expect((await first.hold(performanceId, [5])).status).toBe(201);
  await until(
    'the board knows of the hold',
    async () => (await second.hold(performanceId, [5])).status === 409,
  );
  await client.request('DELETE', '/queue/tokens/me', { token: gone[0].turn });
  expect(await standing(gone[0])).toMatchObject({ number: 5, state: 'LEFT' });
  await until('who left is counted out', async () => (await standing(gone[1]))['ahead'] === 2);
  expect(await standing(gone[1])).toMatchObject({ number: 6, state: 'WAITING' });
  const lostSale = await scheduleSale(client, { seats: 20 });
  await until('it is known', async () => (await seatCountOf(lostSale.performanceId)) === 20);

  await server.restore();
  await untilBack(third);
  expect((await client.get('/queue/rooms/main')).body).toMatchObject({ lastNumber: 4, waiting: 2 });
  expect(await standing(third)).toMatchObject({ state: 'WAITING', ahead: 0 });
  expect(await standing(fourth)).toMatchObject({ state: 'WAITING', ahead: 1 });
  for (const fan of gone) expect(await standing(fan)).toMatchObject({ state: 'EXPIRED' });
  expect((await client.get(`/performances/${lostSale.performanceId}`)).status).toBe(404);

  expect((await client.operator('POST', '/admin/queue/rooms/main/epoch')).status).toBe(200);
  const [fifth, sixth] = [await client.fan(), await client.fan()];
  // The numbers of those who are gone: one of them had left, and neither is theirs.
  expect(await standing(fifth)).toMatchObject({ number: 5, state: 'WAITING', ahead: 2 });
  expect(await standing(sixth)).toMatchObject({ number: 6, state: 'WAITING', ahead: 3 });
  for (const [index, fan] of [third, fourth].entries())
    expect(await standing(fan)).toMatchObject({ state: 'WAITING', ahead: index });
  for (const fan of gone) {
    expect(await standing(fan)).toMatchObject({ state: 'EXPIRED' });
    expect((await client.get('/queue/tokens/me/stream', fan.turn)).status).toBe(204);
  }

  await buy(second, performanceId, 5);
  await untilTurnOf(third);
  expect(await standing(fourth)).toMatchObject({ state: 'WAITING', ahead: 0 });
  for (const [index, fan] of [first, third, fourth, fifth, sixth].entries()) {
    await untilTurnOf(fan);
    for (const other of gone) expect((await other.hold(performanceId, [12])).status).toBe(403);
    await buy(fan, performanceId, 6 + index);
  }
  expect(await room()).toMatchObject({ waiting: 0, admitted: 6, lastNumber: 6 });

  const sale = await scheduleSale(client, { seats: 30 });
  expect(sale.performanceId).toBe(lostSale.performanceId);
  expect(await seatCountOf(sale.performanceId)).toBe(30);
}, 120_000);
