/**
 * Goal: a SIGKILL in the middle of purchases loses nothing that was answered and leaves nothing hanging.
 * Method: fans buy as fast as they can against the real process on its embedded PostgreSQL; the process is
 * killed without warning, three times. Every answer is remembered and compared with what the next start says;
 * then everybody repeats what they asked, with the same keys, until they have their one ticket. At the end the
 * tables themselves are asked.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { openDatabase } from '../../src/platform/postgres/database.ts';
import { type Answer, type Client, createClient, type Fan } from '../support/client.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { expectPromisesKeptIn } from '../support/promises.ts';
import { scheduleSale } from '../support/sale.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
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

/** What one fan asked for, and what of it was answered; whatever was not answered stays unknown. */
interface Story {
  readonly fan: Fan;
  readonly seat: number;
  charged?: Answer;
  held?: Answer;
  paid?: Answer;
}

const keyed = {
  charge: (client: Client, { fan }: Story) =>
    client.post('/wallet/charges', { token: fan.account, body: { amount: PRICE_KRW }, key: 'charge' }),
  hold: (client: Client, { fan, seat }: Story, performanceId: number) =>
    client.post('/reservations', { token: fan.turn, body: { performanceId, seats: [seat] }, key: 'hold' }),
  pay: (client: Client, { fan }: Story, reservationId: unknown) =>
    client.post('/payments', { token: fan.turn, body: { reservationId }, key: 'pay' }),
};

async function buy(client: Client, story: Story, performanceId: number): Promise<void> {
  story.charged = await keyed.charge(client, story);
  story.held = await keyed.hold(client, story, performanceId);
  story.paid = await keyed.pay(client, story, story.held.body['reservationId']);
}

/** Fans buy until some have finished and some have not; then the service is killed. */
async function buyAndKill(service: ServiceProcess, performanceId: number, round: number): Promise<Story[]> {
  const client = createClient(service.url, OPERATOR_TOKEN);
  await until('the sale has its seats', async () => {
    const probe = await client.fan();
    return (await client.get(`/performances/${performanceId}/seats`, probe.turn)).status === 200;
  });
  const fans = await Promise.all(Array.from({ length: FANS }, () => client.fan()));
  const stories = fans.map((fan, index): Story => ({ fan, seat: round * FANS + index + 1 }));
  const buying = stories.map((story) => buy(client, story, performanceId).catch(() => {})); // it broke
  await until('some have paid', () => stories.filter((story) => story.paid).length > 5);
  await service.kill();
  await Promise.all(buying);
  return stories;
}

/** Nothing that was answered is untrue, whatever was under way. */
async function expectAnswersTrue(client: Client, { fan, charged, held, paid }: Story): Promise<void> {
  for (const answer of [charged, held, paid]) expect([201, undefined]).toContain(answer?.status);
  const statusOf = async () =>
    (await client.get(`/reservations/${String(held?.body['reservationId'])}`, fan.account)).body['status'];
  if (paid) await until('what was paid is confirmed', async () => (await statusOf()) === 'CONFIRMED');
  else if (held) expect(['HELD', 'CONFIRMED']).toContain(await statusOf());

  const again = await client.post('/queue/tokens', { token: fan.account, body: {} });
  // Only somebody who has bought has no place any more, and gets a new one behind all others.
  if (again.status === 200) expect(again.body['number']).toBe(fan.number);
  else if (held) await until('the turn was spent', async () => (await statusOf()) === 'CONFIRMED');
  else expect.fail(`${fan.number} has lost the place`);
}

/** The same requests with the same keys: each had one effect or none, and has one now. */
async function finish(client: Client, story: Story, performanceId: number): Promise<void> {
  const { fan } = story;
  const me = () => client.get('/queue/tokens/me', fan.turn);
  const charged = await keyed.charge(client, story);
  expect(charged.status).toBe(201);
  if (story.charged) expect(charged.headers.get('idempotent-replayed')).toBe('true');

  // The first answer, even when the turn has been spent on this very purchase by now.
  const held = await keyed.hold(client, story, performanceId);
  expect(held.status).toBe(201);
  if (story.held) expect(held.body).toEqual(story.held.body);
  const paid = await keyed.pay(client, story, held.body['reservationId']);
  expect(paid.status).toBe(201);
  if (story.paid) expect(paid.body).toEqual(story.paid.body);

  await until('the turn is spent', async () => (await me()).body['state'] === 'SPENT');
  const tickets = await until('there is a ticket', async () => {
    const { body } = await client.get<{ tickets: { seat: number }[] }>('/tickets', fan.account);
    return body.tickets.length > 0 && body.tickets;
  });
  expect(tickets.map((ticket) => ticket.seat)).toEqual([story.seat]);
  expect((await client.get('/wallet', fan.account)).body['balance']).toBe(0);
}

it('keeps every promise through three kills and finishes what was under way', async () => {
  let service = await startProcess(folder.path, ENV);
  const seats = FANS * 3;
  const sale = { seats, priceKrw: PRICE_KRW };
  const { performanceId } = await scheduleSale(createClient(service.url, OPERATOR_TOKEN), sale);
  const stories: Story[] = [];
  for (let round = 0; round < 3; round++) {
    stories.push(...(await buyAndKill(service, performanceId, round)));
    service = await startProcess(folder.path, ENV);
  }
  expect(stories.filter((story) => story.paid).length).toBeGreaterThan(15);
  expect(stories.filter((story) => !story.paid).length).toBeGreaterThan(0);

  const client = createClient(service.url, OPERATOR_TOKEN);
  for (const story of stories) await expectAnswersTrue(client, story);
  for (const story of stories) await finish(client, story, performanceId);
  await until('every seat is sold', async () => {
    const { body } = await client.operator('GET', `/admin/performances/${performanceId}/sales`);
    return body['sold'] === seats;
  });
  await service[Symbol.asyncDispose]();

  await using postgres = await startEmbeddedPostgres({ dataDir: folder.path, log: () => {} });
  const { connection } = postgres;
  await using database = openDatabase({ connection, connectionsMax: 4, settings: {}, onIdleError: () => {} });
  await expectPromisesKeptIn(database);
}, 120_000);
