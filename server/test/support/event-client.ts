/** A client of server-sent events that reads as it is told to: what an EventSource would hear, and when it ends. */
import { request } from 'node:http';
import { until } from './until.ts';

export interface HeardEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventClient extends Disposable, AsyncIterable<HeardEvent> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Everything heard so far. */
  readonly events: readonly HeardEvent[];
  /** Comments heard so far: heartbeats. */
  readonly comments: number;
  /** What the server said about coming back. */
  readonly retryMs: number | undefined;
  /** Of an answer that is no stream. */
  readonly text: string;
  readonly isEnded: boolean;
  /** The first event of which this is true, of those heard already or to come. */
  until(description: string, isIt: (event: HeardEvent) => boolean): Promise<HeardEvent>;
  /** Reads nothing more, so that what is sent piles up on the way. */
  pause(): void;
  resume(): void;
}

export interface EventClientOptions {
  readonly token?: string;
  readonly lastEventId?: string;
}

export function openEvents(url: string, { token, lastEventId }: EventClientOptions): Promise<EventClient> {
  const headers = {
    accept: 'text/event-stream',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers, agent: false }, (answer) => {
      const heard = { events: [] as HeardEvent[], comments: 0, retryMs: undefined as number | undefined };
      let [text, unread, isEnded] = ['', '', false];
      let wake = Promise.withResolvers<undefined>();
      const tell = () => {
        wake.resolve(undefined);
        wake = Promise.withResolvers();
      };
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        const blocks = (unread + chunk).split('\n\n');
        unread = blocks.pop() ?? '';
        for (const block of blocks) hear(block, heard);
        tell();
      });
      // A connection that is cut is an end like any other.
      answer.on('error', () => {});
      answer.on('close', () => {
        isEnded = true;
        tell();
      });
      resolve({
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        events: heard.events,
        get comments() {
          return heard.comments;
        },
        get retryMs() {
          return heard.retryMs;
        },
        get text() {
          return text;
        },
        get isEnded() {
          return isEnded;
        },
        until: (description, isIt) => until(description, () => heard.events.find(isIt)),
        pause: () => void answer.pause(),
        resume: () => void answer.resume(),
        async *[Symbol.asyncIterator]() {
          for (let next = 0; ;) {
            const woken = wake.promise;
            for (; next < heard.events.length; next++) yield heard.events[next] as HeardEvent;
            if (isEnded) return;
            await woken;
          }
        },
        [Symbol.dispose]: () => void asking.destroy(),
      });
    });
    asking.on('error', reject);
    asking.end();
  });
}

function hear(
  block: string,
  heard: { events: HeardEvent[]; comments: number; retryMs: number | undefined },
): void {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === 0) heard.comments++;
    else fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  const retry = fields.get('retry');
  if (retry !== undefined) heard.retryMs = Number(retry);
  const data = fields.get('data');
  if (data === undefined) return;
  heard.events.push({
    event: fields.get('event') ?? 'message',
    id: fields.get('id') ?? '',
    data: JSON.parse(data) as HeardEvent['data'],
  });
}
