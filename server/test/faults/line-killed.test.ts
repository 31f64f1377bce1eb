/**
 * Goal: neither a restart nor a SIGKILL in the middle of joins and admissions takes anybody's place, lets anybody in
 * out of turn or too many at once, or shows anybody a worse place than before.
 * Method: a crowd joins and looks, again and again, at the real process on its embedded PostgreSQL, which is
 * interrupted three times: killed without warning, restarted in good order, and killed again. Whoever got no answer
 * asks anew. What was told before and after is compared, and at the end the room's record.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlaceState } from '#contract/http/queue.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { openDatabase } from '../../src/platform/postgres/database.ts';
import { checkCapacity, checkRate, outOfOrder } from '../support/admission-record.ts';
import { type Answer, createClient, type RequestOptions } from '../support/client.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import {
  type JoinRecord,
  type LookRecord,
  overtakenWaiters,
  overtakings,
  rises,
  secondPlaces,
} from '../../../rehearsal/history/line.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';

const FANS = 150;
const ROOM = 'killed';
const CAPACITY = 10;
const RATE = { count: 20, windowMs: 1_000 };
/** In this order. */
const INTERRUPTIONS: readonly ((running: ServiceProcess) => PromiseLike<void>)[] = [
  (running) => running.kill(),
  (running) => running[Symbol.asyncDispose](), // SIGTERM
  (running) => running.kill(),
];

let folder: TemporaryFolder;
let service: ServiceProcess;
beforeAll(async () => {
  folder = await temporaryFolder();
  service = await startProcess(folder.path);
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const joins: JoinRecord[] = [];
const looks: LookRecord[] = [];

/** Asks whichever process there is until one answers; a request that got no answer is asked again. */
async function ask<Body>(method: string, path: string, options: RequestOptions): Promise<Answer<Body>> {
  for (;;) {
    const client = createClient(service.url, OPERATOR_TOKEN);
    const answer = await client.request<Body>(method, path, options).catch(() => undefined);
    if (answer !== undefined && answer.status < 500) return answer;
    await delay(20);
  }
}

async function visit(): Promise<void> {
  const guest = await ask<{ userId: string; accessToken: string }>('POST', '/guests', {});
  const { userId, accessToken } = guest.body;
  const sentMs = performance.now();
  const joined = await ask<{ token: string; number: number }>('POST', '/queue/tokens', {
    token: accessToken,
    body: { room: ROOM },
  });
  const { token, number } = joined.body;
  const told = { number, fresh: joined.status === 201 };
  joins.push({ id: joins.length, userId, sentMs, answeredMs: performance.now(), told });
  let state = await look(token, userId);
  for (; state === 'WAITING'; state = await look(token, userId)) await delay(25);
  expect(state).toBe('ACTIVE');
  await ask('DELETE', '/queue/tokens/me', { token });
}

async function look(token: string, userId: string): Promise<PlaceState> {
  const sentMs = performance.now();
  const { body: told } = await ask<LookRecord['told']>('GET', '/queue/tokens/me', { token });
  looks.push({ id: looks.length, userId, device: 0, sentMs, answeredMs: performance.now(), told });
  return told.state;
}

it(
  'nobody loses a place, overtakes or is overtaken through restart and kill -9 in the middle of admissions',
  { timeout: 120_000 },
  async () => {
    // Just started on a busy machine, it may refuse for a moment.
    const terms = { room: ROOM, capacity: CAPACITY, rateCount: RATE.count, rateWindowMs: RATE.windowMs };
    const room = await ask('POST', '/admin/queue/rooms', { token: OPERATOR_TOKEN, body: terms });
    expect(room.status).toBe(201);
    let through = 0;
    const crowd = Array.from({ length: FANS }, () => visit().then(() => through++));
    for (const [index, interrupt] of INTERRUPTIONS.entries()) {
      const enough = ((index + 1) * FANS) / (INTERRUPTIONS.length + 2);
      await until('admissions are under way', () => through >= enough, 30_000);
      await interrupt(service);
      service = await startProcess(folder.path);
    }
    await Promise.all(crowd);
    await service[Symbol.asyncDispose]();

    // A join whose answer was lost is repeated, and is not new any more then: only the numbers must be one.
    expect(secondPlaces(joins.map((join) => ({ ...join, told: { ...join.told, fresh: true } })))).toEqual([]);
    expect(overtakings(joins)).toEqual([]);
    expect(rises(looks)).toEqual([]);
    expect(overtakenWaiters(looks)).toEqual([]);

    await using postgres = await startEmbeddedPostgres({ dataDir: folder.path, log: () => {} });
    const { connection } = postgres;
    await using database = openDatabase({
      connection,
      connectionsMax: 1,
      settings: {},
      onIdleError: () => {},
    });
    expect((await checkCapacity(database, ROOM)).broken).toEqual([]);
    expect((await checkRate(database, ROOM)).broken).toEqual([]);
    expect(await outOfOrder(database, ROOM)).toEqual([]);
    const wrong = await database.rows(
      {
        name: 'test.room-counters',
        text: `/* test.room-counters */
          select r.* from waiting_room.room r
          where r.last_number <> (select count(*) from waiting_room.token t where t.room = r.room)
            or r.admitted <> (select count(*) from waiting_room.token t where t.room = r.room and admitted_at is not null)
            or r.active <> (select count(*) from waiting_room.token t where t.room = r.room and state = 'ACTIVE')
            or r.waiting <> (select count(*) from waiting_room.token t where t.room = r.room and state = 'WAITING')`,
      },
      [],
    );
    expect(wrong).toEqual([]);
  },
);
