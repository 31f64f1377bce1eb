/** Requests that no decent client sends: header for header and byte for byte as given. */
import { Agent, request } from 'node:http';

export interface RawRequest {
  readonly method: string;
  /** As it goes on the line; nothing is encoded or resolved. */
  readonly path: string;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  readonly body?: string | Uint8Array;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface RawClient extends Disposable {
  send(request: RawRequest): Promise<RawAnswer>;
}

export function createRawClient(url: string): RawClient {
  const { hostname, port, host } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  return {
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const length = ['content-length', String(Buffer.byteLength(body ?? ''))];
        const sent = request(
          { agent, hostname, port, method, path, headers: ['host', host, ...headers, ...length] },
          (response) => {
            const { statusCode: status = 0, headers: answered } = response;
            // A stream does not end by itself: that there is one is the answer.
            if (answered['content-type']?.startsWith('text/event-stream') === true) {
              response.destroy();
              return resolve({ status, headers: answered, text: '' });
            }
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', reject);
            response.on('end', () => {
              const text = Buffer.concat(chunks).toString();
              resolve({ status, headers: answered, text });
            });
          },
        );
        sent.on('error', reject);
        sent.end(body);
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}
