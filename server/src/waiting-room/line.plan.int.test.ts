/**
 * What a statement of the line costs must not grow with the line. Each one that runs for joins, turns, departures
 * and ticks goes from its arguments to the places by an index, with the settings and the generic plans of the
 * service's sessions, on tables that were never analysed as well as on a line that grew.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { collecting, openSession, type PlanNode, planOf, scansOf } from '../../test/support/plans.ts';
import type { Statement } from '../platform/postgres/statement.ts';
import { createPostgresLine } from './postgres-line.ts';

/** By which index each one finds its places; the others touch rooms only. */
const INDEX_OF: Readonly<Record<string, readonly string[]>> = {
  'waiting-room.admit': ['token_pkey'],
  'waiting-room.change-room': [],
  'waiting-room.claim-turns': ['token_pkey', 'token_pkey'],
  'waiting-room.create-rooms': [],
  'waiting-room.end-places': ['token_pkey'],
  'waiting-room.extend-turns': ['token_pkey'],
  'waiting-room.give-numbers': [],
  'waiting-room.kept-turns': ['token_kept'],
  'waiting-room.list-all-rooms': [],
  'waiting-room.list-departures': ['token_departure'],
  'waiting-room.list-rooms': [],
  'waiting-room.live-places': ['token_live'],
  'waiting-room.lock-free-rooms': [],
  'waiting-room.lock-places': ['token_pkey'],
  'waiting-room.lock-rooms': [],
  'waiting-room.look': ['token_active'],
  'waiting-room.next': ['token_pkey'],
  'waiting-room.overdue-turns': ['token_active'],
  'waiting-room.raise-epoch': [],
  'waiting-room.read-rooms': [],
  'waiting-room.recent-admissions': ['token_pkey'],
  'waiting-room.reopen-turns': ['token_pkey', 'token_live', 'token_pkey'],
  'waiting-room.short-turns': ['token_pkey'],
  'waiting-room.shorten-turns': ['token_kept', 'token_pkey'],
  'waiting-room.turns': ['token_pkey'],
  'waiting-room.write-rooms': [],
};

const LATE = {
  name: 'test.late',
  text: `update waiting_room.token set holds_until = admitted_at - interval '1 day', expires_at = admitted_at - interval '1 day' where state = 'ACTIVE'`,
};

let db: TestDatabase;
let statements: Statement[];

beforeAll(async () => {
  db = await createTestDatabase();
  const collected = new Map<string, Statement>();
  const database = collecting(db.database, collected);
  const line = createPostgresLine({ database, activeTtlMs: 600_000, claimWindowMs: 120_000 });
  const policy = { rateCount: null, rateWindowMs: null, capacity: 1 };
  await line.createRoom('main', { policy, state: 'OPEN', opensAt: null });
  const users = [1, 2, 3].map(() => randomUUID());
  await line.join(users.map((userId) => ({ room: 'main', userId })));
  const turn = { room: 'main', epoch: 1, number: 1 };
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const hold = { reservationId: randomUUID(), userId: users[0] ?? '' };
  await database.transaction((tx) => line.extend(tx, [{ ...hold, turn, expiresAt }]));
  await database.transaction((tx) => line.shorten(tx, [hold]));
  await line.leave([turn, { ...turn, number: 3 }, { ...turn, room: 'other' }]);
  await line.claim([{ ...turn, number: 2 }]);
  await line.departures('main', { after: 0, upTo: 10, head: 0 });
  await line.rooms();
  await line.rooms(['main']);
  await line.changeRoom('main', { policy: { rateCount: 5, rateWindowMs: 1_000 } });
  await line.raiseEpoch('main');
  await db.database.rows(LATE, []);
  await line.tick();
  statements = [...collected.values()];
});

afterAll(() => db[Symbol.asyncDispose]());

function describeScan(scan: PlanNode): string {
  const name = scan['Index Name'] ?? scan['Relation Name'] ?? '?';
  return scan['Index Cond'] === undefined ? `${scan['Node Type']} of all of ${name}` : name;
}

async function indexesUsed(of: TestDatabase): Promise<Record<string, string[]>> {
  const session = await openSession(of, statements);
  try {
    const used: Record<string, string[]> = {};
    for (const statement of statements) {
      const plans = await planOf(session, statement);
      used[statement.name] = plans.flatMap((plan) => scansOf(plan, 'token')).map(describeScan);
    }
    return used;
  } finally {
    await session.end();
  }
}

const sorted = (used: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(
    Object.entries(used)
      .map(([name, indexes]): [string, string[]] => [name, indexes.toSorted((a, b) => a.localeCompare(b))])
      .toSorted(([a], [b]) => a.localeCompare(b)),
  );

describe('every statement of the line finds its places by an index', () => {
  test('on tables that were never analysed', async () => {
    await using fresh = await createTestDatabase();
    expect(sorted(await indexesUsed(fresh))).toEqual(sorted(INDEX_OF));
  });

  test('in a line that grew', async () => {
    const grow = `insert into waiting_room.token (room, number, epoch, user_id)
      select 'main', 100 + n, 1, gen_random_uuid() from generate_series(1, 20000) as n`;
    await db.database.rows({ name: 'test.grow', text: grow }, []);
    await db.database.rows({ name: 'test.analyze', text: 'analyze waiting_room.token' }, []);
    expect(sorted(await indexesUsed(db))).toEqual(sorted(INDEX_OF));
  });

  test('and the way to those who are next ends after so many who left', async () => {
    const next = statements.find(({ name }) => name === 'waiting-room.next');
    const session = await openSession(db, statements);
    try {
      const plans = next === undefined ? [] : await planOf(session, next);
      const [scan] = plans.flatMap((plan) => scansOf(plan, 'token'));
      expect(scan?.['Index Cond']).toMatch(/number > r\.head.*number <= \(r\.head \+/);
    } finally {
      await session.end();
    }
  });
});
