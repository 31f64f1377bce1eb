import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BALANCE_MAX_KRW, CHARGE_MAX_KRW } from '#contract/money.ts';
import { createMoney, type Money } from '../../test/support/money.ts';
import { derivedUuid, fingerprint } from '../platform/identifiers.ts';

let money: Money;
beforeAll(async () => {
  money = await createMoney();
});
afterAll(async () => {
  await money.audit();
  await money[Symbol.asyncDispose]();
});

test('a first charge makes the wallet, a second one adds to it, and both are entries', async () => {
  const userId = randomUUID();
  expect(await money.balanceKrw(userId)).toBe(0);
  expect(await money.charge(userId, 30_000)).toMatchObject({ outcome: 'charged', balanceKrw: 30_000 });
  expect(await money.charge(userId, 5_000)).toMatchObject({ outcome: 'charged', balanceKrw: 35_000 });
  expect(await money.balanceKrw(userId)).toBe(35_000);
  expect(await money.one.payments.entries(userId, { limit: 10 })).toMatchObject([
    { kind: 'CHARGE', amountKrw: 5_000, balanceAfterKrw: 35_000, reservationId: null },
    { kind: 'CHARGE', amountKrw: 30_000, balanceAfterKrw: 30_000, reservationId: null },
  ]);
});

test('the same key is one charge and the same answer; another amount under it is refused', async () => {
  const userId = randomUUID();
  const first = await money.charge(userId, 1_000, 'a key');
  expect(await money.charge(userId, 1_000, 'a key')).toEqual({ ...first, replayed: true });
  expect(await money.charge(userId, 2_000, 'a key')).toMatchObject({ problem: 'idempotency.key-reused' });
  expect(await money.balanceKrw(userId)).toBe(1_000);
});

test("one person's key is nobody else's", async () => {
  const [kim, lee] = [randomUUID(), randomUUID()];
  await money.charge(kim, 1_000, 'the same key');
  expect(await money.charge(lee, 1_000, 'the same key')).toMatchObject({
    outcome: 'charged',
    replayed: false,
  });
});

test('a wallet fills up to its limit and no further, however many charges come at once', async () => {
  const userId = randomUUID();
  const tries = BALANCE_MAX_KRW / CHARGE_MAX_KRW + 20;
  const outcomes = await Promise.all(
    Array.from({ length: tries }, (_, n) => {
      const request = {
        transferId: randomUUID(),
        userId,
        amountKrw: CHARGE_MAX_KRW,
        fingerprint: fingerprint(n),
      };
      return (n % 2 === 0 ? money.one : money.two).payments.charge(request);
    }),
  );
  const refused = outcomes.filter((outcome) => outcome.outcome === 'refused');
  expect(refused).toHaveLength(20);
  for (const refusal of refused) expect(refusal).toMatchObject({ problem: 'wallet.limit-reached' });
  expect(await money.balanceKrw(userId)).toBe(BALANCE_MAX_KRW);
});

test('a new person who charges on two instances at once loses nothing', async () => {
  const users = Array.from({ length: 30 }, () => randomUUID());
  const charges = users.flatMap((userId) =>
    [money.one, money.two, money.two, money.one].map(({ payments }, n) =>
      payments.charge({ transferId: randomUUID(), userId, amountKrw: 10 ** n, fingerprint: fingerprint(n) }),
    ),
  );
  for (const outcome of await Promise.all(charges)) expect(outcome.outcome).toBe('charged');
  for (const userId of users) expect(await money.balanceKrw(userId)).toBe(1_111);
});

test('one key on two instances at once is one charge', async () => {
  for (let round = 0; round < 10; round++) {
    const userId = randomUUID();
    const request = {
      transferId: derivedUuid(userId, 'POST /wallet/charges', 'twice'),
      userId,
      amountKrw: 700,
      fingerprint: fingerprint({ amount: 700 }),
    };
    const outcomes = await Promise.all([
      money.one.payments.charge(request),
      money.two.payments.charge(request),
    ]);
    const answers = outcomes.map((o) => (o.outcome === 'charged' && o.replayed ? 'replay' : o.outcome));
    expect(answers.toSorted()).toEqual(['charged', 'replay']);
    expect(await money.balanceKrw(userId)).toBe(700);
  }
});

test('entries go on page by page, newest first, each once', async () => {
  const userId = randomUUID();
  for (let n = 1; n <= 7; n++) await money.charge(userId, n);
  const seen: number[] = [];
  let beforeSeq: number | undefined;
  for (let page = 0; page < 3; page++) {
    const entries = await money.one.payments.entries(userId, { limit: 3, beforeSeq });
    seen.push(...entries.map((entry) => entry.amountKrw));
    beforeSeq = entries.at(-1)?.seq;
  }
  expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
});

test('the tables themselves refuse money out of nothing', async () => {
  const insert = `insert into payments.transfer
    (transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, at)
    values (gen_random_uuid(), 'CHARGE', $1, $2, $3, $4, 1, clock_timestamp())`;
  const funding = '00000000-0000-8000-8000-000000000001';
  const [kim, lee] = [randomUUID(), randomUUID()];
  await expect(money.ask(insert, kim, kim, 1, kim)).rejects.toThrow('check constraint');
  await expect(money.ask(insert, lee, kim, 1, kim)).rejects.toThrow('check constraint');
  await expect(money.ask(insert, funding, kim, 0, kim)).rejects.toThrow('check constraint');
  await expect(money.ask(insert, funding, kim, -1, kim)).rejects.toThrow('check constraint');
  const wallet = 'insert into payments.wallet (user_id, balance_krw) values ($1, -1)';
  await expect(money.ask(wallet, kim)).rejects.toThrow('check constraint');
});
