/** Figures for Prometheus. Labels take few values each: routes as declared, never URLs, users or ids. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  /** The exposition text. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
  readonly observeHttp: (method: string, route: string, status: number, durationMs: number) => void;
  readonly countRefused: (problem: string) => void;
  readonly countStreamEnd: (ending: string) => void;
  readonly observeBatch: (batch: string, requests: number, durationMs: number) => void;
  readonly observeReader: (reader: string, events: number, durationMs: number) => void;
  readonly countAppended: (event: string) => void;
  readonly countParked: (reader: string, event: string) => void;
  /** A figure that is read when somebody asks, such as how many events are parked. */
  readonly watch: (name: string, help: string, read: () => number | Promise<number>) => void;
  /** The same for a figure that there is several times, each under its label. */
  readonly watchEach: (
    name: string,
    help: string,
    label: string,
    read: () => Promise<readonly (readonly [label: string, value: number])[]>,
  ) => void;
}

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SIZE_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

const MS_PER_S = 1000;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[] = DURATION_BUCKETS_S,
  ) => new Histogram({ name: `frontrow_${name}`, help, labelNames, buckets, registers });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `frontrow_${name}_total`, help, labelNames, registers });

  const http = histogram('http_request_duration_seconds', 'Answers over HTTP', ['method', 'route', 'status']);
  const refused = counter('refusals', 'Refusals by problem', ['problem']);
  const streamEnds = counter('streams_ended', 'Streams that have ended, by what ended them', ['ending']);
  const batchSize = histogram('batch_requests', 'Requests in a batch', ['batch'], SIZE_BUCKETS);
  const batchDuration = histogram('batch_duration_seconds', 'How long a batch took', ['batch']);
  const read = counter('reader_events', 'Events that a reader of the log has taken', ['reader']);
  const readDuration = histogram('reader_duration_seconds', 'How long a reader took for a wave', ['reader']);
  const appended = counter('events_appended', 'Events appended to the log', ['event']);
  const parked = counter('events_parked', 'Events set aside because they kept failing', ['reader', 'event']);

  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    observeHttp: (method, route, status, durationMs) => {
      const labels = { method, route, status: `${Math.floor(status / 100)}xx` };
      http.observe(labels, durationMs / MS_PER_S);
    },
    countRefused: (problem) => refused.inc({ problem }),
    countStreamEnd: (ending) => streamEnds.inc({ ending }),
    observeBatch: (batch, requests, durationMs) => {
      batchSize.observe({ batch }, requests);
      batchDuration.observe({ batch }, durationMs / MS_PER_S);
    },
    observeReader: (reader, events, durationMs) => {
      read.inc({ reader }, events);
      readDuration.observe({ reader }, durationMs / MS_PER_S);
    },
    countAppended: (event) => appended.inc({ event }),
    countParked: (reader, event) => parked.inc({ reader, event }),
    watch: (name, help, readNow) => {
      const gauge = new Gauge({
        name: `frontrow_${name}`,
        help,
        registers: [],
        async collect() {
          // What cannot be read now must not hide every other figure.
          this.set(await Promise.try(readNow).catch(() => Number.NaN));
        },
      });
      registry.registerMetric(gauge);
    },
    watchEach: watchEachIn(registry),
  };
}

function watchEachIn(registry: Registry): Metrics['watchEach'] {
  return (name, help, label, readNow) => {
    const gauge = new Gauge({
      name: `frontrow_${name}`,
      help,
      labelNames: [label],
      registers: [],
      async collect() {
        const values = await Promise.try(readNow).catch(() => []);
        this.reset();
        for (const [of, value] of values) this.set({ [label]: of }, value);
      },
    });
    registry.registerMetric(gauge);
  };
}
