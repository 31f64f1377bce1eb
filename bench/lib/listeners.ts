/** People who listen to streams, as a process of their own (bench/stream-listener.ts). */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningService, Stage } from './stage.ts';

const LISTENER = fileURLToPath(new URL('../stream-listener.ts', import.meta.url));

/** Streams of one kind: one for each token. */
export interface StreamGroup {
  readonly path: string;
  readonly tokens: readonly string[];
}

export interface ListenJob {
  readonly host: string;
  readonly port: number;
  readonly groups: readonly StreamGroup[];
  /** False: once a stream is open they read no more of it, and keep it. */
  readonly isReading: boolean;
}

/** Of one group, since it began to count. */
export interface Heard {
  readonly streams: number;
  /** Different ones. */
  readonly updates: number;
  /** All that were received: updates times streams, when everybody got each. */
  readonly events: number;
  /** Events of each stream. */
  readonly perSecond: number;
  readonly bytes: number;
  /** The longest that any stream heard nothing. */
  readonly silentMsMax: number;
  /** Streams that were closed by the service, since they were opened. */
  readonly lost: number;
  /** Of the update that reached the fewest streams: the share that it reached. */
  readonly shareMin: number;
  /** For each update: from the first stream that got it to the last. */
  readonly spreadsMs: readonly number[];
}

export interface Listeners extends AsyncDisposable {
  begin(): void;
  end(): Promise<readonly Heard[]>;
}

/** Resolves when all streams are open. */
export async function listen(
  stage: Stage,
  { host, port }: RunningService,
  groups: readonly StreamGroup[],
  { isReading }: { readonly isReading: boolean },
): Promise<Listeners> {
  const file = join(stage.folder, `listeners-${crypto.randomUUID()}`);
  await writeFile(file, JSON.stringify({ host, port, groups, isReading } satisfies ListenJob));
  const child = fork(LISTENER, [file]);
  const ended = once(child, 'exit');
  const isOpen = await Promise.race([once(child, 'message').then(() => true), ended.then(() => false)]);
  if (!isOpen) throw new Error('not all streams were opened');
  return {
    begin: () => void child.send('begin'),
    end: async () => {
      const answered = once(child, 'message');
      child.send('end');
      const [heard] = (await answered) as [readonly Heard[]];
      return heard;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
