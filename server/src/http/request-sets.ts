/**
 * Requests that arrived in the same turn of the event loop are answered as a set, one step after the other for all of
 * them: the parser has read them all before the first is looked at, and all short answers are made before the first
 * is sent. Each step's code is then still at hand for the next request. A request that goes through everything
 * alone finds the caches of the processor filled with what the others needed: on a shared machine that is half of
 * what an answer costs. Nothing waits for company: a request that comes alone is a set of one.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import { gatherByTurn } from '../platform/loop-turns.ts';
import type { ShortWay } from './shortcuts.ts';

/** To be called when every route is there, and before the server listens. */
export function answerInSets(server: Server, shortWay: ShortWay, clock: Clock): void {
  const longWays = server.listeners('request');

  const answerAll = (set: readonly (readonly [IncomingMessage, ServerResponse])[]): void => {
    const startedMs = clock.monotonicMs();
    const answers = set.map(([request]) => shortWay.answer(request));
    // What each of them waited for, which is the making of all.
    const tookMs = clock.monotonicMs() - startedMs;
    for (const [index, [request, response]] of set.entries()) {
      const answer = answers[index];
      if (answer !== undefined) shortWay.send(response, answer, tookMs);
      else for (const longWay of longWays) longWay.call(server, request, response);
    }
  };

  // All of them at once, however many: what is left for later would pile up while more is read.
  const take = gatherByTurn(answerAll);
  server.removeAllListeners('request');
  server.on('request', (request, response) => take([request, response]));
}
