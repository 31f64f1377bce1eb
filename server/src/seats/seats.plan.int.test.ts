/**
 * What a statement costs must not grow with the house. Each one that runs for free seats, holds, sales and
 * releases goes from its arguments to rows by primary key, with the settings and the generic plans of the
 * service's sessions, on tables that were never analysed as well as on a house that grew.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BoxOffice, createBoxOffice, holdRequest } from '../../test/support/box-office.ts';
import { paidOf, turnSpentOf } from '../../test/support/purchase-events.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { checkServer, sessionSettings } from '../platform/postgres/requirements.ts';
import type { Statement } from '../platform/postgres/statement.ts';

const HOT = [
  'seats.add-buyers',
  'seats.buyers',
  'seats.close-holds',
  'seats.close-sold',
  'seats.count-buyers',
  'seats.count-free',
  'seats.free',
  'seats.load-boards',
  'seats.lock-claimed',
  'seats.lock-free',
  'seats.lock-holds',
  'seats.recall',
  'seats.remember',
  'seats.sell',
  'seats.take',
  'seats.terms',
];
const COLD = new Set(['seats.open-performance', 'seats.lay-out', 'seats.lay-out-patience', 'seats.analyze']);

let office: BoxOffice;
let hot: Statement[];

beforeAll(async () => {
  office = await createBoxOffice();
  await office.schedule();
  await sellAndRelease();
  hot = [...office.statements.values()].filter(({ name }) => name.startsWith('seats.') && !COLD.has(name));
});

afterAll(() => office[Symbol.asyncDispose]());

async function sellAndRelease(): Promise<void> {
  await office.counters[0].seats.remaining([1]);
  await office.counters[0].seats.board(1);
  const first = holdRequest([1, 2]);
  await office.counters[0].seats.hold(first);
  // somebody who holds seats there already
  await office.counters[0].seats.hold(holdRequest([3], { userId: first.userId }));
  const reserved = (await office.events()).find((event) => event.name === 'SeatReserved');
  if (reserved === undefined) throw new Error('the hold is not in the log');
  await office.react(paidOf(reserved));
  await office.react(turnSpentOf(reserved));
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** A session as the service has them, with the statements prepared as the service does. */
async function openSession(db: TestDatabase): Promise<Client> {
  const settings = sessionSettings(await checkServer(db.connection));
  const options = Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
    .join(' ');
  const client = new Client({ ...db.connection, options });
  await client.connect();
  for (const { name, text } of hot) await client.query(`prepare "${name}" as ${text}`);
  return client;
}

/** How the statements would reach rows of tables other than by a primary key's condition. */
async function findDetours(session: Client): Promise<string[]> {
  const detours: string[] = [];
  for (const { name, text } of hot) {
    const count = Math.max(...Array.from(text.matchAll(/\$(\d+)/g), ([, n]) => Number(n)));
    const nulls = Array.from({ length: count }, () => 'null').join(', ');
    const { rows } = await session.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `explain (format json) execute "${name}" (${nulls})`,
    );
    for (const root of rows[0]?.['QUERY PLAN'] ?? []) {
      detours.push(...detoursOf(root.Plan).map((detour) => `${name}: ${detour}`));
    }
  }
  return detours;
}

function detoursOf(node: PlanNode): string[] {
  const below = (node.Plans ?? []).flatMap(detoursOf);
  const type = node['Node Type'];
  const index = node['Index Name'];
  if (index === undefined) {
    // A bitmap's rows come from the index scan below it.
    const direct = node['Relation Name'] === undefined || ['ModifyTable', 'Bitmap Heap Scan'].includes(type);
    return direct ? below : [`${type} of ${node['Relation Name']}`, ...below];
  }
  const byKey = index.endsWith('_pkey') && node['Index Cond'] !== undefined;
  return byKey ? below : [`${type} of all of ${index}`, ...below];
}

describe('the hot statements go by primary key', () => {
  test('and these are all of them', () => {
    expect(hot.map(({ name }) => name).toSorted()).toEqual(HOT);
  });

  test('on tables that were never analysed', async () => {
    await using db = await createTestDatabase();
    const session = await openSession(db);
    try {
      expect(await findDetours(session)).toEqual([]);
    } finally {
      await session.end();
    }
  });

  test('in a session that made its plans when all tables were small', async () => {
    const session = await openSession(office.db);
    try {
      await session.query('analyze'); // as autovacuum does
      await findDetours(session);
      await office.schedule({
        performanceId: 2,
        sections: [{ firstSeatNo: 1, seatCount: 20_000, priceKrw: 1 }],
      });
      expect(await findDetours(session)).toEqual([]);
    } finally {
      await session.end();
    }
  });
});
