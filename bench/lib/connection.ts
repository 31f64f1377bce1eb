/**
 * One keep-alive connection with at most one request under way: plain sockets and one buffer for each, so that the load
 * takes as little as possible of the cores that it shares with what it measures.
 */
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Connection {
  /** Sends one request, as latin1; rejects when the connection is lost. */
  send(request: string): Promise<Answer>;
  end(): void;
}

const BUFFER_BYTES = 16_384;
const LENGTH = '\r\ncontent-length: ';
const STATUS_AT = 'HTTP/1.1 '.length;

export function openConnection(host: string, port: number): Connection {
  const own = Buffer.allocUnsafe(BUFFER_BYTES);
  let received = '';
  let waiting: PromiseWithResolvers<Answer> | undefined;

  function take(bytes: number): boolean {
    const text = own.toString('latin1', 0, bytes);
    received = received === '' ? text : received + text;
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd === -1) return true;
    const lengthAt = received.indexOf(LENGTH);
    const length =
      lengthAt === -1 || lengthAt > headEnd
        ? 0
        : Number.parseInt(received.slice(lengthAt + LENGTH.length), 10);
    const end = headEnd + 4 + length;
    if (received.length < end) return true;
    const answer = {
      status: Number(received.slice(STATUS_AT, STATUS_AT + 3)),
      body: received.slice(headEnd + 4, end),
    };
    received = received.slice(end);
    waiting?.resolve(answer);
    return true;
  }

  const socket = connect({
    host,
    port,
    noDelay: true,
    onread: { buffer: own, callback: take },
  });
  const lost = (error?: Error) => waiting?.reject(error ?? new Error('the connection was closed'));
  socket.on('error', lost);
  socket.on('close', () => lost());
  return {
    send(request) {
      waiting = Promise.withResolvers<Answer>();
      socket.write(request, 'latin1');
      return waiting.promise;
    },
    end: () => socket.destroy(),
  };
}
