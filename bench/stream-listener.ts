/**
 * Listens to streams of server-sent events, in a process of its own: plain sockets and one buffer for all of them, so that
 * ten thousand take little of the cores that they share with what is measured.
 *
 * Reads a job from the file named as its argument, opens all streams, says `open`, and from then on does what it is told
 * (bench/lib/listeners.ts): it begins to count at `begin`, and at `end` says what it heard.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Heard, ListenJob, StreamGroup } from './lib/listeners.ts';

const [, , file = ''] = process.argv;
const job = JSON.parse(readFileSync(file, 'utf8')) as ListenJob;
/** Streams that are being opened at the same time. */
const OPENING = 64;
const BUFFER_BYTES = 65_536;
const EVENT = 'event: ';
const ID = '\nid: ';
const LINE_END = 10;

/** All that streams of one kind were told, by the update's id: the same for all of them. */
interface Update {
  streams: number;
  firstMs: number;
  lastMs: number;
}

interface Ears {
  readonly group: StreamGroup;
  updates: Map<string, Update>;
  events: number;
  bytes: number;
  /** When each stream last heard something. */
  readonly heardAtMs: Float64Array;
  silentMsMax: number;
  lost: number;
}

const shared = Buffer.allocUnsafeSlow(BUFFER_BYTES);
const all = job.groups.map((group): Ears => ({
  group,
  updates: new Map(),
  events: 0,
  bytes: 0,
  heardAtMs: new Float64Array(group.tokens.length),
  silentMsMax: 0,
  lost: 0,
}));

function hear(ears: Ears, stream: number, bytes: number): void {
  const nowMs = performance.now();
  ears.bytes += bytes;
  const end = shared.subarray(0, bytes);
  for (let at = end.indexOf(EVENT); at !== -1; at = end.indexOf(EVENT, at + EVENT.length)) {
    const idAt = end.indexOf(ID, at);
    if (idAt === -1) break;
    const id = end.toString('latin1', idAt + ID.length, end.indexOf(LINE_END, idAt + ID.length));
    const update = ears.updates.get(id);
    if (update === undefined) ears.updates.set(id, { streams: 1, firstMs: nowMs, lastMs: nowMs });
    else {
      update.streams++;
      update.lastMs = nowMs;
    }
    ears.events++;
    const silentMs = nowMs - (ears.heardAtMs[stream] ?? nowMs);
    if (silentMs > ears.silentMsMax) ears.silentMsMax = silentMs;
    ears.heardAtMs[stream] = nowMs;
  }
}

/** Resolves when the first event has come. An instance that is too busy is asked again. */
async function open(ears: Ears, stream: number): Promise<void> {
  const { path, tokens } = ears.group;
  const opened = Promise.withResolvers<'open' | 'again'>();
  let isOpen = false;
  const socket = connect({
    host: job.host,
    port: job.port,
    onread: {
      buffer: shared,
      callback: (bytes) => {
        if (isOpen) {
          hear(ears, stream, bytes);
          return true;
        }
        const text = shared.toString('latin1', 0, bytes);
        if (text.startsWith('HTTP/1.1 503')) opened.resolve('again');
        else if (!text.startsWith('HTTP/1.1 ') || text.startsWith('HTTP/1.1 200')) {
          if (!text.includes(EVENT)) return true;
          isOpen = true;
          ears.heardAtMs[stream] = performance.now();
          opened.resolve('open');
          return job.isReading;
        } else opened.reject(new Error(text));
        return true;
      },
    },
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    if (isOpen) ears.lost++;
    else opened.resolve('again');
  });
  socket.write(`GET ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${tokens[stream]}\r\n\r\n`);
  if ((await opened.promise) === 'open') return;
  socket.destroy();
  await delay(1_000);
  await open(ears, stream);
}

const waiting = all.flatMap((ears) => ears.group.tokens.map((_, stream) => [ears, stream] as const));
let next = 0;
async function opener(): Promise<void> {
  for (let turn = next++; turn < waiting.length; turn = next++) {
    const [ears, stream] = waiting[turn] ?? [];
    assert(ears !== undefined && stream !== undefined);
    await open(ears, stream);
  }
}
await Promise.all(Array.from({ length: OPENING }, opener));

let begunMs = performance.now();

function begin(): void {
  const nowMs = performance.now();
  begunMs = nowMs;
  for (const ears of all) {
    ears.updates = new Map();
    ears.events = 0;
    ears.bytes = 0;
    ears.silentMsMax = 0;
    ears.heardAtMs.fill(nowMs);
  }
}

function heard({ group, updates, events, bytes, silentMsMax, lost }: Ears): Heard {
  const streams = group.tokens.length;
  // The first and the last one may have been half told when the counting began or ended.
  const whole = [...updates.values()].slice(1, -1);
  return {
    streams,
    updates: whole.length,
    events,
    perSecond: events / streams / ((performance.now() - begunMs) / 1_000),
    bytes,
    silentMsMax,
    lost,
    shareMin: Math.min(...whole.map((update) => update.streams)) / streams,
    spreadsMs: whole.map(({ firstMs, lastMs }) => lastMs - firstMs),
  };
}

process.on('message', (message) => {
  if (message === 'begin') begin();
  else if (message === 'end') process.send?.(all.map(heard));
});
process.on('disconnect', () => process.exit());
process.send?.('open');
