import { randomUUID } from 'node:crypto';
import type { ActionNote } from '#contract/http/operator.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createEdge, type Edge, EDGE_OPERATOR_TOKEN } from '../../test/support/edge.ts';
import { createOperatorLog, type OperatorLog } from './index.ts';
import { operatorLogRoutes } from './routes.ts';

let testDatabase: TestDatabase;
let operatorLog: OperatorLog;
let edge: Edge;
let url: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  operatorLog = createOperatorLog(testDatabase);
  edge = await createEdge({ routes: (api, door) => operatorLogRoutes(api, { operatorLog, door }) });
  url = `http://127.0.0.1:${await edge.listen()}/api/v1/admin/log`;
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
  await testDatabase[Symbol.asyncDispose]();
});

function note(subject: string, of: Partial<ActionNote> = {}): ActionNote {
  const call = { requestId: randomUUID(), address: '192.0.2.7' };
  return { action: 'room.change', subject, before: null, after: null, call, ...of };
}

async function record(...notes: ActionNote[]): Promise<void> {
  await testDatabase.database.transaction(async (tx) => {
    for (const each of notes) operatorLog.record(tx, each);
  });
}

interface LogPage {
  readonly entries: readonly { readonly subject: string; readonly after: unknown }[];
  readonly next: string | null;
}

async function ask(query: string, token = EDGE_OPERATOR_TOKEN): Promise<{ status: number; body: LogPage }> {
  const answer = await fetch(`${url}${query}`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: (await answer.json()) as LogPage };
}

test('an entry says what was done to what, what it was before and after, by which request and from where', async () => {
  const room = { before: { capacity: 100 }, after: { capacity: 200 } };
  const given = note('spring', room);
  await record(given);
  expect((await ask('?limit=1')).body).toMatchObject({
    entries: [
      {
        entryId: expect.any(Number),
        at: expect.stringMatching(/^2.*Z$/),
        action: 'room.change',
        subject: 'spring',
        ...room,
        requestId: given.call.requestId,
        address: '192.0.2.7',
      },
    ],
  });
});

test('what was rolled back was not done and has no entry', async () => {
  const undone = testDatabase.database.transaction(async (tx) => {
    operatorLog.record(tx, note('undone'));
    await tx.rows({ name: 'test.nothing', text: '/* test.nothing */ select' }, []);
    throw new Error('the action failed');
  });
  await expect(undone).rejects.toThrow('the action failed');
  expect((await ask('?subject=undone')).body).toEqual({ entries: [], next: null });
});

test('pages go from the newest to the oldest, each entry once, also when there are new ones meanwhile', async () => {
  for (const at of [1, 2, 3]) await record(note('paged', { after: { at } }));
  const first = await ask('?subject=paged&limit=2');
  await record(note('paged', { after: { at: 4 } }));
  const second = await ask(`?subject=paged&limit=2&cursor=${String(first.body.next)}`);
  expect(first.body.entries.map((entry) => entry.after)).toEqual([{ at: 3 }, { at: 2 }]);
  expect(second.body).toMatchObject({ entries: [{ after: { at: 1 } }], next: null });
});

test('one can ask for what was done to one subject only', async () => {
  await record(note('mine'), note('another'));
  const { entries } = (await ask('?subject=mine')).body;
  expect(entries.map((entry) => entry.subject)).toEqual(['mine']);
  const all = (await ask('?limit=2')).body.entries;
  expect(all.map((entry) => entry.subject)).toEqual(['another', 'mine']);
});

test('only the operator reads it, and a cursor that somebody made up is refused', async () => {
  expect((await ask('', 'somebody')).status).toBe(401);
  expect((await ask('?cursor=bm90aGluZw')).status).toBe(400);
});

test.each([
  ['changed', `update operator_log.entry set after = '{}'`],
  ['removed', `delete from operator_log.entry`],
  ['emptied', `truncate operator_log.entry`],
])('entries cannot be %s, not even by hand', async (what, text) => {
  await record(note('kept'));
  const attempt = testDatabase.database.rows({ name: `test.${what}`, text }, []);
  await expect(attempt).rejects.toMatchObject({
    cause: { message: expect.stringContaining('is never changed') },
  });
  expect((await ask('?subject=kept')).body.entries.length).toBeGreaterThan(0);
});
