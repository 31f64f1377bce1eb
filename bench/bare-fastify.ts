/**
 * The reference of what is read: Fastify with its default options and one route, which answers the same bytes to
 * everybody. Arguments: path, status and headers as JSON, and the file of the body. Says on standard output where it listens.
 */
import { readFileSync } from 'node:fs';
import fastify from 'fastify';
import type { Answer } from './lib/bare.ts';

const [, , answer = '', file = ''] = process.argv;
const { path, status, headers } = JSON.parse(answer) as Omit<Answer, 'body'>;
const body = readFileSync(file);
const app = fastify();
app.get(path, async (_request, reply) => {
  void reply.code(status).headers(headers);
  return status === 304 ? reply.send() : reply.send(body);
});
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);
process.once('SIGTERM', () => void app.close());
