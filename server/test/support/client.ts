/** What a fan's or an operator's program would do, over HTTP. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** Longer than a busy machine keeps an event loop from its work. */
const BUSY_MAX_MS = 10_000;
const BUSY_PAUSE_MS = 20;

export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/**
 * A busy machine's 503 says nothing: asks again for a time, which must be with the same key. Gives the last answer, so
 * that a service that stays away shows as what it is.
 */
export async function insist<Body>(ask: () => Promise<Answer<Body>>): Promise<Answer<Body>> {
  const untilMs = performance.now() + BUSY_MAX_MS;
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503 || performance.now() > untilMs) return answer;
    await delay(BUSY_PAUSE_MS);
  }
}

export interface RequestOptions {
  readonly token?: string | undefined;
  readonly body?: unknown;
  /** A fresh one when absent; null sends none. */
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

export interface Client {
  readonly url: string;
  request<Body = Record<string, unknown>>(
    method: string,
    path: string,
    options?: RequestOptions,
  ): Promise<Answer<Body>>;
  get<Body = Record<string, unknown>>(path: string, token?: string): Promise<Answer<Body>>;
  post<Body = Record<string, unknown>>(path: string, options?: RequestOptions): Promise<Answer<Body>>;
  /** Asks a busy service again, with the same key, as an operator's program would. */
  operator<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<Body>>;
  /** A guest with an account and a place in the line of the room. */
  fan(room?: string): Promise<Fan>;
}

export interface Fan {
  readonly userId: string;
  /** The account's token. */
  readonly account: string;
  /** The queue token. */
  readonly turn: string;
  /** In the line of the room. */
  readonly number: number;
  charge(amount: number, key?: string): Promise<Answer>;
  hold(performanceId: number, seats: number[], options?: { key?: string; payNow?: boolean }): Promise<Answer>;
  pay(reservationId: string, key?: string): Promise<Answer>;
  giveBack(reservationId: string): Promise<Answer>;
  reservation(reservationId: string): Promise<Answer>;
  balance(): Promise<number>;
}

export function createClient(url: string, operatorToken: string): Client {
  const base = `${url}/api/v1`;

  async function request<Body>(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<Answer<Body>> {
    const headers: Record<string, string> = { ...options.headers };
    if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`;
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    if (method === 'POST' && options.key !== null) headers['idempotency-key'] = options.key ?? randomUUID();
    const response = await fetch(path.startsWith('http') ? path : `${base}${path}`, {
      method,
      headers,
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as Body,
    };
  }

  const client: Client = {
    url,
    request,
    get: (path, token) => request('GET', path, { token }),
    post: (path, options) => request('POST', path, options),
    operator: async <Body>(method: string, path: string, body?: unknown) => {
      const key = randomUUID();
      return insist(() => request<Body>(method, path, { token: operatorToken, body, key }));
    },
    fan: async (room) => {
      const guest = await request<{ userId: string; accessToken: string }>('POST', '/guests');
      const joined = await request<{ token: string; number: number }>('POST', '/queue/tokens', {
        token: guest.body.accessToken,
        body: room === undefined ? {} : { room },
      });
      const { userId, accessToken: account } = guest.body;
      const { token: turn, number } = joined.body;
      return createFan(client, { userId, account, turn, number });
    },
  };
  return client;
}

function createFan(client: Client, who: Pick<Fan, 'userId' | 'account' | 'turn' | 'number'>): Fan {
  const { account, turn } = who;
  return {
    ...who,
    charge: (amount, key) =>
      client.post('/wallet/charges', { token: account, body: { amount }, ...(key && { key }) }),
    hold: (performanceId, seats, options = {}) =>
      client.post('/reservations', {
        token: turn,
        body: { performanceId, seats, ...(options.payNow !== undefined && { payNow: options.payNow }) },
        ...(options.key !== undefined && { key: options.key }),
      }),
    pay: (reservationId, key) =>
      client.post('/payments', { token: turn, body: { reservationId }, ...(key !== undefined && { key }) }),
    giveBack: (reservationId) =>
      client.request('DELETE', `/reservations/${reservationId}`, { token: account }),
    reservation: (reservationId) => client.get(`/reservations/${reservationId}`, account),
    balance: async () => Number((await client.get('/wallet', account)).body['balance']),
  };
}
