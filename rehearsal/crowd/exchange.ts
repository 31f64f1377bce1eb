/** Requests over connections that are kept: whatever is answered, and whatever goes wrong, is told as a value. */
import { Agent as HttpAgent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** The service gives up after 10 s by itself. */
const ANSWER_MAX_MS = 15_000;
/** A crowd comes over many connections, but not over more than a listening socket takes in one moment. */
const CONNECTIONS_MAX = 400;
/** The largest there is, a map of 200,000 seats, has less than two million characters. */
const ANSWER_LENGTH_MAX = 8_000_000;

export interface Message {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly bearer?: string | undefined;
  readonly key?: string | undefined;
  readonly body?: object | undefined;
  readonly etag?: string | undefined;
}

export interface Response {
  /** 0: there was no answer; `text` says why. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Exchange extends Disposable {
  readonly instances: number;
  send(instance: number, message: Message): Promise<Response>;
}

export function createExchange(urls: readonly string[], answerMaxMs: number = ANSWER_MAX_MS): Exchange {
  const keep = { keepAlive: true, maxSockets: CONNECTIONS_MAX, maxFreeSockets: CONNECTIONS_MAX };
  const hosts = urls.map((text) => {
    const { protocol, hostname, port } = new URL(text);
    const isTls = protocol === 'https:';
    return {
      request: isTls ? httpsRequest : httpRequest,
      agent: isTls ? new HttpsAgent(keep) : new HttpAgent(keep),
      // Without the brackets of an IPv6 address.
      hostname: hostname.replaceAll(/^\[|\]$/g, ''),
      port: port === '' ? undefined : Number(port),
    };
  });

  function send(instance: number, { method, path, bearer, key, body, etag }: Message): Promise<Response> {
    const host = hosts[instance % hosts.length];
    if (host === undefined) return Promise.resolve({ status: 0, headers: {}, text: 'no instance is known' });
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string | number> = {};
    if (bearer !== undefined) headers['authorization'] = `Bearer ${bearer}`;
    if (key !== undefined) headers['idempotency-key'] = key;
    if (etag !== undefined) headers['if-none-match'] = etag;
    if (text !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(text);
    }
    const { request, agent, hostname, port } = host;
    return new Promise<Response>((resolve) => {
      const fail = (error: unknown) => resolve(unanswered(error));
      const asked = request(
        { agent, hostname, port, method, path: `/api/v1${path}`, headers, timeout: answerMaxMs },
        (answer) => {
          let received = '';
          const late = setTimeout(() => answer.destroy(new Error('no answer in time')), answerMaxMs);
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => {
            received += chunk;
            if (received.length > ANSWER_LENGTH_MAX) answer.destroy(new Error('an endless answer'));
          });
          answer.on('end', () => {
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: received });
          });
          answer.on('error', fail);
          answer.on('close', () => {
            clearTimeout(late);
            fail(new Error('cut off'));
          });
        },
      );
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', fail);
      asked.end(text);
      // What cannot be sent at all, such as a token with a line break, throws.
    }).catch(unanswered);
  }

  return {
    instances: hosts.length,
    send,
    [Symbol.dispose]: () => {
      for (const { agent } of hosts) agent.destroy();
    },
  };
}

function unanswered(error: unknown): Response {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  return { status: 0, headers: {}, text: code ?? message };
}
