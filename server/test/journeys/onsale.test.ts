/**
 * Goal: a sale can be rehearsed, and what the rehearsal says of the service is true: all is well when it is, and a broken
 * promise is found.
 * Method: short rehearsals on two real instances, once as the library and then as the command that an organiser types.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BEHAVIOURS, type CrowdOptions, type Mix } from '../../../rehearsal/crowd/plan.ts';
import { type Rehearsal, rehearse } from '../../../rehearsal/rehearse.ts';
import { judge, type Verdict } from '../../../rehearsal/verdict.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { startOnsale } from '../support/onsale-process.ts';
import { auditedSale } from '../support/audited-sale.ts';
import { openSale, type Sale } from '../support/sale.ts';
import { startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { createWorld, OPERATOR_TOKEN, type World } from '../support/world.ts';

const HOLD_TTL_MS = 3_000;
const ENV = { HOLD_TTL_MS: '5000', ACTIVE_TTL_MS: '60000' };
const FANS = 60;
const SEATS = 30;
/** It takes some 15 s, and on a busy machine as long as it likes. */
const REHEARSAL_MAX_MS = 300_000;
const PATIENCE_MS = 180_000;
const USAGE = 64;
const NO_TARGET = 65;
const UNAVAILABLE = 69;
const NOT_PERMITTED = 77;

async function openRoomAndSale(world: World, room: string, seats: number): Promise<Sale> {
  const terms = { room, rateCount: 8, rateWindowMs: 1_000, capacity: 30 };
  await world.client().operator('POST', '/admin/queue/rooms', terms);
  return openSale(world, { seats, room });
}

describe('a rehearsal of 60 fans for 30 seats on two instances', () => {
  const mix = Object.fromEntries(BEHAVIOURS.map((behaviour) => [behaviour, 25])) as Mix;
  const options: CrowdOptions = {
    seed: 5,
    fans: FANS,
    seatsEach: 4,
    curve: { kind: 'ramp', overS: 2 },
    thinkScale: 0.15,
    mix,
    patienceS: 120,
  };
  let world: World;
  let rehearsal: Rehearsal;
  let verdict: Verdict;
  beforeAll(async () => {
    world = await createWorld({ instances: 2, env: { ...ENV, HOLD_TTL_MS: String(HOLD_TTL_MS) } });
    const { performanceId, priceKrw } = await openRoomAndSale(world, 'rehearsed', SEATS);
    rehearsal = await rehearse({
      urls: world.instances.map(({ url }) => url),
      operatorToken: OPERATOR_TOKEN,
      target: {
        performanceId,
        room: 'rehearsed',
        seatCount: SEATS,
        seatsPerPerson: 4,
        priceKrwMax: priceKrw,
      },
      holdTtlMs: HOLD_TTL_MS,
      options,
      clock: systemClock,
      signal: new AbortController().signal,
    });
    verdict = judge(rehearsal);
  }, REHEARSAL_MAX_MS);
  afterAll(() => world[Symbol.asyncDispose]());

  it('sells every seat, and knows when', () => {
    expect(rehearsal.standing).toMatchObject({ free: 0, held: 0, sold: SEATS });
    expect(rehearsal.stories.reduce((sum, { seats }) => sum + seats, 0)).toBe(SEATS);
    expect(rehearsal.soldOutAtS).toBeGreaterThan(0);
  });

  it('breaks no promise, and everything could be judged', () => {
    expect(verdict).toMatchObject({ isKept: true, broken: [], unjudged: [] });
    expect(rehearsal.audit?.state).toBe('CLEAN');
    expect(verdict.history.judgements.length).toBeGreaterThan(5);
  });

  it('shows every behaviour at least once', () => {
    const did = new Set(rehearsal.stories.flatMap((story) => [...story.did]));
    expect(BEHAVIOURS.filter((behaviour) => !did.has(behaviour))).toEqual([]);
  });

  it('knows of every fan how it ended, and both instances were asked', () => {
    expect(rehearsal.stories.filter(({ end }) => end === null)).toEqual([]);
    const { operations } = rehearsal.history;
    expect(new Set(operations.map(({ instance }) => instance))).toEqual(new Set([0, 1]));
    expect(operations.filter(({ isFinal }) => isFinal).length).toBeGreaterThanOrEqual(4 * FANS);
  });

  it('has lost choices, lapsed holds and figures of each step to tell of', () => {
    const { steps, stories, seconds } = rehearsal;
    expect(stories.some(({ lostChoices }) => lostChoices > 0)).toBe(true);
    expect(stories.some(({ end }) => end?.ending === 'never paid')).toBe(true);
    expect(stories.some(({ end }) => end?.ending.startsWith('sold out') === true)).toBe(true);
    expect(steps.map(({ step }) => step)).toEqual(
      expect.arrayContaining([
        'account',
        'join',
        'look',
        'map',
        'hold',
        'give-back',
        'charge',
        'pay',
        'tickets',
      ]),
    );
    for (const { latencyMs } of steps) expect(latencyMs.p50).toBeGreaterThan(0);
    expect(Math.max(...seconds.map(({ waiting }) => waiting))).toBeGreaterThan(0);
  });
});

describe('npm run onsale', () => {
  let world: World;
  let folder: TemporaryFolder;
  let env: Record<string, string>;
  beforeAll(async () => {
    world = await createWorld({ instances: 2, env: ENV });
    folder = await temporaryFolder();
    env = { OPERATOR_TOKEN, DATA_DIR: folder.path };
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const urls = () => world.instances.flatMap(({ url }) => ['--url', url]);
  const quick = ['--think', '0.1', '--curve', 'ramp:1', '--mix', 'never-pays=0'];

  it(
    'sells out a performance and a service of its own, ends with 0, and leaves the report and its data',
    async () => {
      await using data = await temporaryFolder();
      const report = join(data.path, 'reports', 'mine.html');
      const args = ['--fans', '40', '--seats', '20', '--hold-seconds', '5', ...quick, '--report', report];
      const own = { OPERATOR_TOKEN, DATA_DIR: data.path };
      const { exitCode, said } = await startOnsale(args, own).ended;
      expect({ exitCode, said }).toEqual({
        exitCode: 0,
        said: expect.stringContaining('Every promise was kept.'),
      });
      expect(said).toContain('20 of 20 seats sold to 40 fans');
      expect(said).toContain(`The report: ${report}`);
      const page = await readFile(report, 'utf8');
      expect(page).toContain('Every promise was kept');
      expect(page).toContain('20 / 20');
      expect(page).not.toMatch(/<script|src=|href=|undefined|NaN/);
      // Its service and its PostgreSQL have ended, or nobody else could start on the data.
      await using service = await startProcess(data.path);
      expect(await auditedSale(service)).toMatchObject({ state: 'CLEAN', sold: 20, held: 0 });
    },
    PATIENCE_MS,
  );

  it(
    'ends with 1 and names what is broken when the books do not add up',
    async () => {
      await using broken = await createWorld({ env: ENV });
      const { performanceId } = await openRoomAndSale(broken, 'broken', 20);
      const what = ['--url', broken.client().url, '--performance', String(performanceId)];
      const running = startOnsale([...what, '--fans', '30', ...quick], env);
      await until(
        'somebody has bought',
        () => soldOf(broken, performanceId).then((sold) => sold > 0),
        60_000,
      );
      await plantMoney(broken);
      const { exitCode, said } = await running.ended;
      expect({ exitCode, said }).toEqual({ exitCode: 1, said: expect.stringContaining('BROKEN') });
      expect(said).toContain('VIOLATED');
    },
    PATIENCE_MS,
  );

  it(
    'stopped with Ctrl-C it sends everybody home, leaves nothing held, and reports what there is',
    async () => {
      const { performanceId } = await openRoomAndSale(world, 'stopped', 50);
      const args = [...urls(), '--performance', String(performanceId), '--fans', '200', '--think', '1'];
      const running = startOnsale(args, env);
      await until(
        'somebody holds seats',
        () => heldOf(world, performanceId).then((held) => held > 0),
        60_000,
      );
      running.process.kill('SIGINT');
      const { exitCode, said } = await running.ended;
      expect({ exitCode, said }).toEqual({
        exitCode: 130,
        said: expect.stringContaining('Not judged: it was stopped before its end.'),
      });
      expect(said).toMatch(/^The report: .*\/rehearsals\/\d{4}-[\w-]+\.html$/m);
      expect(await heldOf(world, performanceId)).toBe(0);
      const room = await world.client().operator('GET', '/admin/queue/rooms/stopped');
      expect(room.body).toMatchObject({ waiting: 0, active: 0 });
    },
    PATIENCE_MS,
  );

  it.each([
    [['--fans', 'many'], USAGE, '--fans must be a whole number'],
    [['--url', 'http://127.0.0.1:9'], UNAVAILABLE, 'nothing at http://127.0.0.1:9 answers'],
  ])(
    '%j cannot be, and it is said why',
    async (args, code, why) => {
      const { exitCode, said } = await startOnsale(args, env).ended;
      expect({ exitCode, said }).toEqual({ exitCode: code, said: expect.stringContaining(why) });
    },
    PATIENCE_MS,
  );

  it(
    'a performance that there is not, and a token that is not the operator’s, are said to be so',
    async () => {
      const none = await startOnsale([...urls(), '--performance', '4711'], env).ended;
      expect(none).toEqual({
        exitCode: NO_TARGET,
        said: expect.stringContaining('there is no performance 4711'),
      });
      const wrong = { ...env, OPERATOR_TOKEN: 'wrong-token-of-nobody-0123456789abcdef' };
      const unknown = await startOnsale(urls(), wrong).ended;
      expect(unknown).toEqual({
        exitCode: NOT_PERMITTED,
        said: expect.stringContaining('does not know this operator token'),
      });
    },
    PATIENCE_MS,
  );
});

async function salesOf(world: World, performanceId: number) {
  const { body } = await world.client().operator('GET', `/admin/performances/${performanceId}/sales`);
  return body as { held: number; sold: number };
}
const soldOf = async (world: World, performanceId: number) => (await salesOf(world, performanceId)).sold;
const heldOf = async (world: World, performanceId: number) => (await salesOf(world, performanceId)).held;

/** Somebody's balance, of which no entry tells. */
async function plantMoney(world: World): Promise<void> {
  await world.db.database.rows(
    {
      name: 'test.plant-money',
      text: `/* test.plant-money */
        insert into payments.wallet (user_id, balance_krw) values ($1, 777)`,
    },
    ['0d9c1c2e-0000-4000-8000-000000000001'],
  );
}
