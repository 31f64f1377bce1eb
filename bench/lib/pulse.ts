/**
 * What moves while people listen: once a second, all at the same moment, seats are held and those of the second before
 * are given back; in the line one person joins and one gives up.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { cancelStep, holdStep, joinStep } from './audience.ts';
import { type Connection, openConnection } from './connection.ts';
import type { Journey, Step } from './load.ts';
import { createPeople } from './people.ts';
import { type Known, requestOf, valueIn } from './requests.ts';
import type { RunningService } from './stage.ts';

const BEAT_MS = 1_000;

export interface PulseOptions {
  readonly performanceId: number;
  /** They hold by turns, and give back what they have before they hold again. */
  readonly buyers: readonly Journey[];
  /** Sets of seats that one person may hold: several times as many as are held in one beat. */
  readonly seats: readonly string[];
  /** Sets that are held in one beat. */
  readonly holdsPerBeat: number;
  readonly room: string;
  /** They give up, one after the other. */
  readonly leavers: readonly Journey[];
}

export interface Pulse {
  /** Resolves when the last beat is answered; throws when any was refused. */
  stop(): Promise<void>;
}

const leaveStep: Step = {
  name: 'leave',
  method: 'DELETE',
  path: '/api/v1/queue/tokens/me',
  headers: { authorization: 'Bearer {token}' },
};

export function startPulse({ host, port }: RunningService, options: PulseOptions): Pulse {
  const { buyers, seats, holdsPerBeat, room, leavers } = options;
  const connections = Array.from({ length: 2 * holdsPerBeat + 2 }, () => openConnection(host, port));
  const [hold, cancel] = [requestOf(holdStep(options.performanceId)), requestOf(cancelStep)];
  const [join, leave] = [requestOf({ ...joinStep, body: JSON.stringify({ room }) }), requestOf(leaveStep)];
  const person = createPeople();
  const stopping = new AbortController();
  let held: Known[] = [];

  async function beat(turn: number): Promise<void> {
    const [joining, leaving, ...others] = connections as [Connection, Connection, ...Connection[]];
    const holds = Array.from({ length: holdsPerBeat }, (_, index) => turn * holdsPerBeat + index);
    const [cancels, now] = [held, [] as Known[]];
    const leaver = leavers[turn];
    await Promise.all([
      send(joining, join({ accessToken: person() })),
      ...(leaver === undefined ? [] : [send(leaving, leave(leaver.known))]),
      ...holds.map(async (count, index) => {
        const buyer = { ...buyers[count % buyers.length]?.known, key: crypto.randomUUID() };
        const known = { ...buyer, seat: seats[count % seats.length] ?? '' };
        const body = await send(others[index], hold(known));
        now.push({ ...buyer, reservationId: valueIn(body, 'reservationId') });
      }),
      ...cancels.map((known, index) => send(others[holdsPerBeat + index], cancel(known))),
    ]);
    held = now;
  }

  async function run(): Promise<void> {
    const startedMs = performance.now();
    for (let turn = 0; !stopping.signal.aborted; turn++) {
      await beat(turn);
      await delay(Math.max(0, startedMs + (turn + 1) * BEAT_MS - performance.now()));
    }
  }

  const running = run();
  // Whoever stops the pulse is told.
  running.catch(() => {});
  return {
    stop: async () => {
      stopping.abort();
      await running;
      for (const connection of connections) connection.end();
    },
  };
}

async function send(connection: Connection | undefined, request: string): Promise<string> {
  if (connection === undefined) throw new Error('there is a connection for each request of a beat');
  const { status, body } = await connection.send(request);
  if (status === 503) {
    // Asked again as it says, with the same key: a busy second is not the end of the run.
    await delay(BEAT_MS);
    return send(connection, request);
  }
  if (status >= 400) throw new Error(`${request.split('\r\n')[0]}: ${status} ${body}`);
  return body;
}
