/** The catalogue's routes on a test's database, spoken to over HTTP. Anybody with the word is the operator. */
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import { catalogueAdminRoutes, catalogueRoutes } from '../../src/catalogue/routes.ts';
import { refusalOf } from '../../src/http/problem.ts';
import { type App, type Door, Refused, refuse } from '../../src/http/route.ts';
import { type CatalogueKit, createCatalogueKit } from './catalogue.ts';
import { createTestDatabase } from './database.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Left {
  readonly remaining: number;
  readonly byPrice: readonly { readonly priceKrw: number; readonly remaining: number }[];
}

export interface CatalogueSite extends AsyncDisposable {
  readonly kit: CatalogueKit;
  /** What is left of each performance; nothing is laid out at first. */
  readonly laidOut: Map<number, Left>;
  /** Which performances were asked for what is left of them. */
  readonly asked: (readonly number[])[];
  send(
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    options?: { headers?: Record<string, string>; payload?: object },
  ): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** As the operator, with a key of its own unless one is given. */
  post(path: string, payload: object, key?: string): Promise<Answer>;
  /** As the operator. */
  patch(path: string, payload: object): Promise<Answer>;
}

const operator: Door['operator'] = (request, _reply, done) => {
  if (request.headers.authorization !== 'Bearer operator') {
    done(new Refused('operator.required'));
    return;
  }
  request.caller = { kind: 'operator' };
  done();
};
const refusalNow: Door['refusalNow'] = async () => undefined;
const door: Door = { account: operator, place: operator, turn: operator, operator, refusalNow };

export async function createCatalogueSite(): Promise<CatalogueSite> {
  const testDatabase = await createTestDatabase();
  const kit = createCatalogueKit(testDatabase.database);
  const laidOut: CatalogueSite['laidOut'] = new Map();
  const asked: (readonly number[])[] = [];
  const app: App = Fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false } } });
  app.decorateRequest('caller', null);
  app.setErrorHandler((error, _request, reply) => refuse(reply, refusalOf(error)));
  const remaining = async (performanceIds: readonly number[]) => {
    asked.push(performanceIds);
    return laidOut;
  };
  catalogueRoutes(app, { catalogue: kit.catalogue, remaining });
  catalogueAdminRoutes(app, { catalogue: kit.catalogue, door });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });

  const send: CatalogueSite['send'] = async (method, path, { headers = {}, payload } = {}) => {
    const answer = await fetch(url + path, {
      method,
      headers: { ...headers, ...(payload && { 'content-type': 'application/json' }) },
      ...(payload && { body: JSON.stringify(payload) }),
    });
    const text = await answer.text();
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body };
  };
  const authorization = 'Bearer operator';
  return {
    kit,
    laidOut,
    asked,
    send,
    get: (path, headers = {}) => send('GET', path, { headers }),
    post: (path, payload, key = randomUUID()) =>
      send('POST', path, { payload, headers: { authorization, 'idempotency-key': key } }),
    patch: (path, payload) => send('PATCH', path, { payload, headers: { authorization } }),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await testDatabase[Symbol.asyncDispose]();
    },
  };
}
