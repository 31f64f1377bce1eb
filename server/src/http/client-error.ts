/** What is not HTTP, or too slow, or too long to be a request. There is no route and no reply yet, only a socket. */
import type { Socket } from 'node:net';
import { problems } from '#contract/problems.ts';
import { newUuid } from '../platform/identifiers.ts';
import { problemBody } from './route.ts';

/** By the error codes of Node's HTTP server. Those two have no body of ours: nobody reads it. */
const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const known = STATUS_LINES[error.code ?? ''];
  const status = known ?? `${problems['request.invalid'].status} Bad Request`;
  const body = known === undefined ? malformed() : '';
  const type = body === '' ? '' : 'content-type: application/problem+json; charset=utf-8\r\n';
  const length = `content-length: ${Buffer.byteLength(body)}\r\n`;
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n${type}${length}\r\n${body}`, () =>
    socket.destroy(),
  );
}

function malformed(): string {
  const errors = [{ in: 'request', path: '', message: 'this is not HTTP/1.1' }];
  return JSON.stringify(
    problemBody({ outcome: 'refused', problem: 'request.invalid', extra: { errors } }, newUuid()),
  );
}
