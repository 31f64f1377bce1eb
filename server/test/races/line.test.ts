/** Goal: the fairness sentence, over three instances, judged from what was asked and answered alone. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type JoinRecord, overtakings, secondPlaces } from '../../../rehearsal/history/line.ts';
import { createWorld, type World } from '../support/world.ts';

const ACCOUNTS = 10_000;
const INSTANCES = 3;
/** Requests under way at the same time. */
const HANDS = 120;

let world: World;
beforeAll(async () => {
  world = await createWorld({ instances: INSTANCES });
});
afterAll(() => world[Symbol.asyncDispose]());

interface Account {
  readonly userId: string;
  readonly token: string;
}

/** As POST /guests makes them, without 10,000 requests. */
function openAccounts(): Account[] {
  const signer = world.instances[0]?.context.signer;
  return Array.from({ length: ACCOUNTS }, () => {
    const userId = randomUUID();
    return { userId, token: signer?.sign('account', { sub: userId }) ?? '' };
  });
}

async function join(index: number, { userId, token }: Account, room: string): Promise<JoinRecord> {
  const sentMs = performance.now();
  const { status, body } = await world
    .client(index)
    .post<{ number: number }>('/queue/tokens', { token, body: { room }, key: null });
  expect([200, 201]).toContain(status);
  const told = { number: body.number, fresh: status === 201 };
  return { id: index, userId, sentMs, answeredMs: performance.now(), told };
}

it(
  `${ACCOUNTS} accounts that join at three instances, many of them several times, stand in the order in which they came`,
  { timeout: 120_000 },
  async () => {
    const room = 'fair';
    await world.client().operator('POST', '/admin/queue/rooms', { room, state: 'PAUSED' });
    const accounts = openAccounts();
    // Every third one clicks twice, at another instance, and every tenth comes again much later.
    const asked = accounts.flatMap((account, index) => (index % 3 === 0 ? [account, account] : [account]));
    asked.push(...accounts.filter((_, index) => index % 10 === 0));
    const waiting = asked.entries();
    const joins: JoinRecord[] = [];
    const hand = async () => {
      for (const [index, account] of waiting) joins.push(await join(index, account, room));
    };
    await Promise.all(Array.from({ length: HANDS }, hand));

    expect(joins).toHaveLength(asked.length);
    expect(secondPlaces(joins)).toEqual([]);
    expect(overtakings(joins)).toEqual([]);
    const numbers = new Set(joins.map((record) => record.told.number));
    expect(numbers.size).toBe(ACCOUNTS);
    expect(Math.max(...numbers)).toBe(ACCOUNTS);
  },
);
