/**
 * A way to PostgreSQL that can be disturbed: a port of this machine, each connection to which is carried to the server's
 * socket. One for each instance, so that one can be cut off while the others are not.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../scripts/support/random.ts';
import { createCommitScanner } from './commit-scanner.ts';

export type Mode =
  | { readonly kind: 'pass' }
  /** What is sent to the server comes so much later; answers come at once. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs: number }
  /** Connections are taken, and nothing is carried either way. It is carried later, as after a broken cable. */
  | { readonly kind: 'blackhole' }
  /** Every connection is reset, and so is every new one. */
  | { readonly kind: 'reset' }
  /** So many COMMITs reach the server for one whose answer never comes back. */
  | { readonly kind: 'cut-answers'; readonly everyCommits: number };

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** From here on, for connections that there are and for new ones. */
  disturb(mode: Mode): void;
  /** How many answers to a COMMIT were cut off. */
  readonly answersCut: number;
}

export interface ProxyOptions {
  /** The path of the server's socket. */
  readonly target: string;
  readonly chance: Chance;
}

/** After a COMMIT was carried, the server has so long to do it, then the connection ends for both. */
const COMMIT_MS = 100;

interface Pair {
  apply(mode: Mode): void;
  destroy(): void;
}

export async function openProxy({ target, chance }: ProxyOptions): Promise<Proxy> {
  let mode: Mode = { kind: 'pass' };
  let commits = 0;
  let answersCut = 0;
  const pairs = new Set<Pair>();

  const isCut = (): boolean => {
    commits += 1;
    if (mode.kind !== 'cut-answers' || commits % mode.everyCommits !== 0) return false;
    answersCut += 1;
    return true;
  };
  const listener = createServer({ noDelay: true }, (near) => {
    const pair = carry(near, connect(target), {
      mode: () => mode,
      isCut,
      chance,
      onClose: () => pairs.delete(pair),
    });
    pairs.add(pair);
    pair.apply(mode);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  return {
    port: (listener.address() as AddressInfo).port,
    disturb(next) {
      mode = next;
      for (const pair of pairs) pair.apply(next);
    },
    get answersCut() {
      return answersCut;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const pair of pairs) pair.destroy();
      await closed;
    },
  };
}

interface Carrying {
  readonly mode: () => Mode;
  /** Asked once for each COMMIT that was carried. */
  readonly isCut: () => boolean;
  readonly chance: Chance;
  readonly onClose: () => void;
}

function carry(near: Socket, far: Socket, { mode, isCut, chance, onClose }: Carrying): Pair {
  const scanner = createCommitScanner();
  let isDeaf = false; // answers are not carried any more
  /** What is late keeps its order. */
  let late = Promise.resolve();
  let lateCount = 0;

  const destroy = () => {
    near.destroy();
    far.destroy();
  };
  const reset = () => {
    near.resetAndDestroy();
    far.destroy();
  };
  const forward = (bytes: Buffer) => {
    const commits = scanner.push(bytes);
    far.write(bytes);
    for (let n = 0; n < commits; n++) {
      if (!isCut()) continue;
      isDeaf = true;
      setTimeout(reset, COMMIT_MS);
    }
  };
  near.on('data', (bytes: Buffer) => {
    const now = mode();
    if (now.kind !== 'latency' && lateCount === 0) return forward(bytes);
    const ms = now.kind === 'latency' ? now.ms + chance.between(-now.jitterMs, now.jitterMs) : 0;
    const until = performance.now() + ms;
    lateCount += 1;
    late = late.then(async () => {
      await sleep(Math.max(0, until - performance.now()));
      lateCount -= 1;
      if (!far.destroyed) forward(bytes);
    });
    return undefined;
  });
  far.on('data', (bytes: Buffer) => {
    if (!isDeaf) near.write(bytes);
  });
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => {}); // followed by its end
    one.on('end', () => other.end());
    one.on('close', () => {
      other.destroy();
      onClose();
    });
  }
  return {
    destroy,
    apply(next) {
      if (next.kind === 'reset') return reset();
      for (const socket of [near, far]) {
        if (next.kind === 'blackhole') socket.pause();
        else socket.resume();
      }
      return undefined;
    },
  };
}
