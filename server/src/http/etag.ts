/** Answers that a client may keep and ask about again: how they are tagged, and when they need not be sent. */
import { hash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';

/** An answer in the form in which it is sent, to one client or to all who ask. */
export interface Content {
  readonly bytes: Buffer;
  /** Strong: equal tags mean equal bytes, on every instance. With its quotes. */
  readonly etag: string;
}

/** For a route's `response` schema. */
export const notModified = { 304: Type.Null({ description: 'What you have is what there is' }) };

/** The answer as the route's schema for 200 writes it, tagged by its bytes. */
export function contentOf(reply: FastifyReply, answer: unknown): Content {
  const bytes = Buffer.from(reply.serialize(answer) as string);
  const etag = `"${hash('sha256', bytes, 'buffer').toString('base64url', 0, 16)}"`;
  return { bytes, etag };
}

/** Sends JSON, or 304 to a client that has it already. */
export function sendTagged(reply: FastifyReply, content: Content, cacheControl: string): FastifyReply {
  const { bytes, etag } = content;
  void reply.headers({ etag, 'cache-control': cacheControl });
  if (isKnown(reply.request.headers['if-none-match'], etag)) return sendNotModified(reply);
  return reply.header('content-type', 'application/json; charset=utf-8').send(bytes);
}

/** Without a body, and without a word about the length of the one that it stands for. */
export function sendNotModified(reply: FastifyReply): FastifyReply {
  return reply.code(304).send();
}

/** Whether the client has this very answer (RFC 9110, If-None-Match: a list, compared weakly, or `*`). */
export function isKnown(given: string | undefined, etag: string): boolean {
  if (given === undefined) return false;
  return given.trim() === '*' || (given.match(/"[^"]*"/g)?.includes(etag) ?? false);
}
