import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createEdge, type Edge, EDGE_OPERATOR_TOKEN } from '../../test/support/edge.ts';
import { seatReserved } from '../../test/support/log-world.ts';
import { createOperatorLog, type OperatorLog } from '../operator-log/index.ts';
import { listParked, parkEvent } from './park-events.ts';
import { parkedEventRoutes } from './routes.ts';

let testDatabase: TestDatabase;
let operatorLog: OperatorLog;
let edge: Edge;
let url: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const { database } = testDatabase;
  operatorLog = createOperatorLog({ database });
  const { record } = operatorLog;
  edge = await createEdge({ routes: (api, door) => parkedEventRoutes(api, { database, record, door }) });
  url = `http://127.0.0.1:${await edge.listen()}/api/v1/admin/parked-events`;
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
  await testDatabase[Symbol.asyncDispose]();
});

function retry(parkedId: number): Promise<Response> {
  const headers = { authorization: `Bearer ${EDGE_OPERATOR_TOKEN}` };
  return fetch(`${url}/${parkedId}/retry`, { method: 'POST', headers });
}

test('a parked event is made due at once, and the operator’s log says by which request', async () => {
  const { database } = testDatabase;
  const item = { event: seatReserved(1), epoch: 1, xid: '1', id: 1, position: 0 };
  await database.transaction(async (tx) => parkEvent(tx, 'reservations', item, new Error('a bug')));
  await database.rows(
    { name: 'test.later', text: `update messaging.parked set retry_at = '2090-01-01'` },
    [],
  );
  const [parked] = await listParked(database, 0, 1);
  const parkedId = parked?.parked_id ?? 0;

  const answer = await retry(parkedId);
  expect(answer.status).toBe(202);
  const due = { name: 'test.due', text: `select from messaging.parked where retry_at <= clock_timestamp()` };
  expect(await database.rows(due, [])).toHaveLength(1);
  expect(await operatorLog.list({ limit: 10 })).toMatchObject([
    {
      action: 'parked-event.retry',
      subject: String(parkedId),
      before: null,
      after: { reader: 'reservations', event: 'SeatReserved', attempts: 1 },
      address: '127.0.0.1',
    },
  ]);
});

test('what is not parked is not found, and nothing was done', async () => {
  const before = await operatorLog.list({ limit: 10 });
  expect((await retry(12_345)).status).toBe(404);
  expect(await operatorLog.list({ limit: 10 })).toEqual(before);
});
