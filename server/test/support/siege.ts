/** A service under attack: somebody who attacks with all that a buyer has, and those whose data are at stake. */
import { randomUUID } from 'node:crypto';
import type { Client, Fan } from './client.ts';
import { type Guard, type Known, type Operation, pathOf, readOperations, sampleOf } from './operations.ts';
import { createRawClient, type RawClient, type RawRequest } from './raw-request.ts';
import { openSale } from './sale.ts';
import { until } from './until.ts';
import { createWorld, OPERATOR_TOKEN, type World } from './world.ts';

export interface Siege extends AsyncDisposable {
  readonly world: World;
  readonly client: Client;
  readonly raw: RawClient;
  readonly operations: readonly Operation[];
  readonly performanceId: number;
  readonly attacker: Fan;
  /** Owns two tickets; the turn is spent. */
  readonly owner: Fan;
  /** Not let in yet. */
  readonly waiting: Fan;
  /** Has given the turn up. */
  readonly left: Fan;
  /** What requests without a fault are made of; the reservation is the attacker's own. */
  readonly known: Known;
  /** Ids of things that are not the attacker's, by the name that they have in paths and bodies. */
  readonly victims: Readonly<Record<string, readonly string[]>>;
  /** What no answer to the attacker and no line of the log may have in it. */
  readonly secrets: readonly string[];
  /** The attacker's credentials for routes with this guard. */
  tokenFor(guard: Guard | undefined): string;
  /** A request that nothing is wrong with, but for what is changed. */
  requestFor(operation: Operation, change?: Change): RawRequest;
}

export interface Change {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** All of them, instead of good ones. */
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
}

export async function createSiege(): Promise<Siege> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await createWorld());
  const client = world.client();
  const raw = stack.use(createRawClient(client.url));
  const { concertId, performanceId } = await openSale(world, { priceKrw: 45_670 });
  await client.operator('POST', '/admin/queue/rooms', { room: 'paused', state: 'PAUSED' });
  const [attacker, owner, holder, left, waiting] = await Promise.all([
    client.fan(),
    client.fan(),
    client.fan(),
    client.fan(),
    client.fan('paused'),
  ]);
  await client.request('DELETE', '/queue/tokens/me', { token: left.turn });
  // After two tickets the owner has 123,457 won left.
  await Promise.all([attacker.charge(500_000), owner.charge(214_797), holder.charge(187_651)]);

  const hold = async (fan: Fan, seats: number[]): Promise<string> =>
    String((await fan.hold(performanceId, seats)).body['reservationId']);
  const bought = await hold(owner, [11, 12]);
  const paid = await owner.pay(bought);
  const held = await hold(holder, [21]);
  const own = await hold(attacker, [3]);
  await world.settle();
  const codes = await ticketCodes(client, owner);

  const auditId = await audit(client);
  const known = knownOf({ concertId, performanceId, reservationId: own, auditId });
  const fans = [attacker, owner, holder, waiting, left];
  const tokens = { account: attacker.account, queueToken: attacker.turn, operator: OPERATOR_TOKEN };
  const tokenFor = (guard: Guard | undefined): string => tokens[guard ?? 'account'];
  const owned = stack.move();
  return {
    world,
    client,
    raw,
    performanceId,
    attacker,
    owner,
    waiting,
    left,
    known,
    tokenFor,
    operations: await readOperations(client.url),
    victims: { reservationId: [bought, held], paymentId: [String(paid.body['paymentId'])] },
    secrets: [
      OPERATOR_TOKEN,
      '0123456789abcdef0123456789abcdef',
      String(world.db.connection.password),
      ...fans.flatMap((fan) => [fan.account, fan.turn]),
      owner.userId,
      holder.userId,
      '123457',
      '187651',
      ...codes,
    ],
    requestFor: (operation, change = {}) => requestFor(operation, known, tokenFor(operation.guard), change),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function audit(client: Client): Promise<string> {
  const { auditId } = (await client.operator('POST', '/admin/audits')).body;
  await until('the audit is over', async () => {
    const { body } = await client.operator('GET', `/admin/audits/${String(auditId)}`);
    return body['state'] !== 'RUNNING';
  });
  return String(auditId);
}

async function ticketCodes(client: Client, fan: Fan): Promise<string[]> {
  const tickets = await until('there are tickets', async () => {
    const { body } = await client.get<{ tickets: { code: string }[] }>('/tickets', fan.account);
    return body.tickets.length > 0 && body.tickets;
  });
  return tickets.map(({ code }) => code);
}

function knownOf(ids: Known): Known {
  return {
    ...ids,
    layoutId: 1,
    seats: [4],
    room: 'paused',
    code: 'request.invalid',
    section: 'Floor',
    startsAt: '2031-01-03T00:00:00.000Z',
    saleOpensAt: '2031-01-01T00:00:00.000Z',
    saleClosesAt: '2031-01-02T00:00:00.000Z',
  };
}

function requestFor(operation: Operation, known: Known, token: string, change: Change): RawRequest {
  // Path parameters are text.
  const texts = Object.fromEntries(Object.entries(known).map(([name, value]) => [name, String(value)]));
  const good: Record<string, string> = {};
  for (const { name, schema } of operation.params) good[name] = String(sampleOf(schema, texts, name));
  const path = pathOf(operation, { ...good, ...change.params });
  const body = change.body ?? (operation.body && JSON.stringify(sampleOf(operation.body, known)));
  const headers = change.headers ?? withToken(token);
  const typed = body === undefined || headers.includes('content-type');
  return {
    method: operation.method,
    path: change.query === undefined ? path : `${path}?${change.query}`,
    headers: typed ? headers : [...headers, 'content-type', 'application/json'],
    ...(body !== undefined && { body }),
  };
}

export function withToken(token: string): string[] {
  return ['authorization', `Bearer ${token}`, 'idempotency-key', randomUUID()];
}
