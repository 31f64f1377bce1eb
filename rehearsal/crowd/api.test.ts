import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../history/operation.ts';
import { createRecorder } from '../history/recorder.ts';
import { systemClock } from '../../server/src/platform/clock.ts';
import { createApi, type Caller } from './api.ts';
import { type Call, calls } from './calls.ts';
import { createExchange, type Exchange, type Message, type Response } from './exchange.ts';
import { streamOf } from './plan.ts';

const PLACE = { number: 5, state: 'WAITING', ahead: 4, token: 't' };
const HTML = '<!doctype html><title>Welcome to our network</title>';
const JOIN = calls.join('bearer', 'main');

/** Answers with these in turn, and remembers what it was sent. */
function scripted(...answers: readonly Partial<Response>[]) {
  const sent: (Message & { readonly instance: number })[] = [];
  const exchange: Exchange = {
    instances: 2,
    send: async (instance, message) => {
      const answer = answers[Math.min(sent.length, answers.length - 1)];
      sent.push({ ...message, instance });
      return { status: 200, headers: {}, text: '', ...answer };
    },
    [Symbol.dispose]: () => {},
  };
  return { exchange, sent };
}

function fanOn(exchange: Exchange) {
  const recorder = createRecorder(systemClock);
  const caller: Caller = { userId: 'a', device: 0, instance: 0 };
  const api = createApi(caller, streamOf(1, 0, 'pauses'), {
    exchange,
    recorder,
    note: () => {},
    clock: systemClock,
    pause: async () => {},
    insistMs: 60_000,
    signal: new AbortController().signal,
  });
  const history = (): readonly Operation[] =>
    recorder.history({ room: 'main', performanceId: 1, holdTtlMs: 1_000, takenBefore: [] }).operations;
  return { api, history };
}

describe('a fan who is answered with something that no service says', () => {
  const answers: readonly (readonly [what: string, call: Call, text: string])[] = [
    ['the page of a network', JOIN, HTML],
    ['a place without a number', JOIN, JSON.stringify({ ...PLACE, number: null })],
    ['a place without a token', JOIN, JSON.stringify({ ...PLACE, token: undefined })],
    ['an account without an id', calls.guest(), '{"accessToken":"x"}'],
    ['a page where nothing is answered', calls.leave('bearer', 'main'), HTML],
    ['dates that are a list', calls.dates(1), '[]'],
    ['a map whose seats are a text', calls.map('bearer', 1), '{"version":"1-a","remaining":1,"seats":"1"}'],
    ['entries that are a number', calls.entries('bearer'), '{"entries":3}'],
    ['entries without amounts', calls.entries('bearer'), '{"entries":[{"kind":"CHARGE"}]}'],
    ['reservations that are nothing', calls.reservations('bearer'), '{"reservations":[null]}'],
    ['no reservations', calls.reservations('bearer'), ''],
    ['tickets of text', calls.tickets('bearer'), '{"tickets":"all"}'],
    ['money as a text', calls.charge('bearer', 'key', 5), '{"transferId":"t","balance":"5"}'],
  ];
  it.each(answers)('knows nothing of it, and goes on: %s', async (_what, call, text) => {
    const { api, history } = fanOn(scripted({ text }).exchange);
    const unknown = { outcome: 'unknown', status: 200, problem: 'http 200 with something else' };
    expect(await api.ask(call)).toMatchObject(unknown);
    expect(history()).toMatchObject([unknown]);
  });

  it('asks again, and takes what is an answer', async () => {
    const { exchange } = scripted({ text: HTML }, { text: JSON.stringify(PLACE) });
    const { api, history } = fanOn(exchange);
    expect(await api.insist(JOIN)).toMatchObject({ outcome: 'ok', told: { number: 5, fresh: false } });
    expect(history()).toMatchObject([{ outcome: 'unknown' }, { outcome: 'ok' }]);
  });
});

it('a fan who moves to another instance hands back the newest that the one before has shown', async () => {
  const { exchange, sent } = scripted({ status: 0, text: 'ECONNRESET' }, { status: 304 });
  const { api } = fanOn(exchange);
  const known = { number: 5, state: 'WAITING', ahead: 4 } as const;
  expect(await api.insist(calls.look('bearer', 'main', '"7"', known))).toMatchObject({ told: known });
  expect(sent).toMatchObject([
    { instance: 0, etag: '"7"' },
    { instance: 1, etag: '"7"' },
  ]);
});

describe('an answer', () => {
  async function answeredBy(
    serve: (response: ServerResponse) => void,
    answerMaxMs?: number,
  ): Promise<Response> {
    const server: Server = createServer((_request, response) => serve(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    using exchange = createExchange([`http://127.0.0.1:${port}`], answerMaxMs);
    try {
      return await exchange.send(0, { method: 'GET', path: '/' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('without an end is not waited for, and nothing of it is kept', async () => {
    const more = (response: ServerResponse) => {
      while (!response.destroyed && response.write('x'.repeat(1_000_000)));
    };
    const found = await answeredBy((response) => {
      response.on('drain', () => more(response));
      more(response);
    });
    expect(found).toEqual({ status: 0, headers: {}, text: 'an endless answer' });
  });

  it('that comes letter by letter has to be there in time', async () => {
    const found = await answeredBy((response) => {
      const more = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(more));
    }, 200);
    expect(found).toMatchObject({ status: 0, text: 'no answer in time' });
  });

  it('to what cannot be sent is none', async () => {
    using exchange = createExchange(['http://127.0.0.1:9']);
    const found = await exchange.send(0, { method: 'GET', path: '/', bearer: 'two\nlines' });
    expect(found).toMatchObject({ status: 0, text: 'ERR_INVALID_CHAR' });
  });
});
