/** Is this instance alive, is it ready, and how is it doing. Answered even while others are refused. */
import Type from 'typebox';
import type { Clock } from '../platform/clock.ts';
import type { Metrics } from '../platform/metrics.ts';
import { limits } from '../limits.ts';
import type { App } from './route.ts';

/** True, or the promise of it, when the part works. A failure counts as false. */
export type ReadyCheck = () => Promise<boolean>;

export interface HealthDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly checks: Readonly<Record<string, ReadyCheck>>;
  readonly isDraining: () => boolean;
}

const PartState = Type.Enum(['ok', 'failing']);
const Readiness = Type.Object({
  status: Type.Enum(['ready', 'not-ready']),
  parts: Type.Record(Type.String(), PartState),
});
type Parts = Record<string, 'ok' | 'failing'>;

const tags = ['health'];

export function healthRoutes(app: App, deps: HealthDeps): void {
  const partsNow = rememberFor(limits.http.readyCheckMs, deps.clock, () => checkAll(deps));

  app.get(
    '/livez',
    {
      schema: {
        tags,
        summary: 'Does the process answer?',
        security: [],
        response: { 200: Type.Object({ status: Type.Literal('live') }) },
      },
    },
    async (_request, reply) => reply.send({ status: 'live' }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Should it be sent requests?',
        security: [],
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const parts: Parts = { ...(await partsNow()), lifecycle: deps.isDraining() ? 'failing' : 'ok' };
      const isReady = Object.values(parts).every((state) => state === 'ok');
      return isReady
        ? reply.code(200).send({ status: 'ready', parts })
        : reply.code(503).send({ status: 'not-ready', parts });
    },
  );

  app.get(
    '/metrics',
    { schema: { tags, summary: 'Figures for Prometheus', security: [], produces: ['text/plain'] } },
    async (_request, reply) => reply.type(deps.metrics.contentType).send(await deps.metrics.text()),
  );
}

async function checkAll({ checks, clock }: HealthDeps): Promise<Parts> {
  const states = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const late = new AbortController();
      const tooLate = clock.sleep(limits.http.readyCheckMs, late.signal).then(() => false);
      const works = await Promise.race([Promise.try(check).catch(() => false), tooLate]);
      late.abort();
      return [name, works ? 'ok' : 'failing'] as const;
    }),
  );
  return Object.fromEntries(states);
}

/** Anybody may ask for readiness as often as they like: the checks run once for all who ask together. */
function rememberFor<T>(ms: number, clock: Clock, ask: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  let untilMs = 0;
  return () => {
    const nowMs = clock.monotonicMs();
    if (known === undefined || nowMs >= untilMs) {
      known = ask();
      untilMs = nowMs + ms;
    }
    return known;
  };
}
