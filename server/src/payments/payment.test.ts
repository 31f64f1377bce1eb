import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint } from '../platform/identifiers.ts';
import {
  decidePayments,
  type PaymentRow,
  type PaymentState,
  type PayRequest,
  processed,
  processingFailed,
} from './payment.ts';
import { decideCharges, type Ledger, openLedger, type Transfer } from './wallet.ts';

const NOON = '2026-11-21T12:00:00.000Z';

function ledgerWith(
  balances: Record<string, number>,
  at = NOON,
  transfers: readonly Transfer[] = [],
): Ledger {
  return openLedger({ at, balances: new Map(Object.entries(balances)), transfers });
}

function payment(given: Partial<PaymentRow> = {}): PaymentRow {
  const { reservation_id = 'r1' } = given;
  return {
    payment_id: `payment of ${reservation_id}`,
    reservation_id,
    user_id: 'kim',
    performance_id: 7,
    seats: [{ no: 17, version: 1 }],
    amount_krw: 50_000,
    turn_room: 'main',
    turn_epoch: 1,
    turn_number: 48_112,
    state: 'DUE',
    expires_at: '2026-11-21T12:05:00.000Z',
    ...given,
  };
}

const TURN = { room: 'main', epoch: 1, number: 48_112 };

function pay(requestId: string, reservationId = 'r1', userId = 'kim', turn = TURN): PayRequest {
  return { requestId, reservationId, userId, turn, fingerprint: fingerprint({ reservationId }) };
}

test('what is due and affordable is paid', () => {
  const ledger = ledgerWith({ kim: 80_000 });
  const { outcomes, paid } = decidePayments([pay('k1')], [payment()], ledger);
  const bill = { paymentId: 'payment of r1', reservationId: 'r1', amountKrw: 50_000 };
  expect(outcomes).toEqual([{ outcome: 'paid', replayed: false, ...bill, balanceKrw: 30_000, paidAt: NOON }]);
  expect(paid).toEqual([{ payment: payment(), requestId: 'k1' }]);
  expect(ledger.posted).toMatchObject([
    { transferId: 'k1', kind: 'PAYMENT', walletId: 'kim', amountKrw: 50_000, reservationId: 'r1' },
  ]);
});

test.each([
  ['a moment before its time is over', '2026-11-21T12:04:59.999Z', 'paid'],
  ['at its very end', '2026-11-21T12:05:00.000Z', 'payment.lapsed'],
  ['a moment later, though no sweep has been there', '2026-11-21T12:05:00.001Z', 'payment.lapsed'],
])('paying %s', (_, at, expected) => {
  const ledger = ledgerWith({ kim: 80_000 }, at);
  const { outcomes } = decidePayments([pay('k1')], [payment()], ledger);
  expect(outcomes.map((o) => (o.outcome === 'refused' ? o.problem : o.outcome))).toEqual([expected]);
  expect(ledger.posted).toHaveLength(expected === 'paid' ? 1 : 0);
});

test('too little money leaves it due, and says how much is lacking', () => {
  const ledger = ledgerWith({ kim: 49_999 });
  const { outcomes, paid } = decidePayments([pay('k1')], [payment()], ledger);
  const extra = { balance: 49_999, amount: 50_000, shortfall: 1 };
  expect(outcomes).toEqual([{ outcome: 'refused', problem: 'wallet.insufficient', extra }]);
  expect(paid).toEqual([]);
});

test('the last won may be spent', () => {
  const { outcomes } = decidePayments([pay('k1')], [payment()], ledgerWith({ kim: 50_000 }));
  expect(outcomes).toMatchObject([{ outcome: 'paid', balanceKrw: 0 }]);
});

test('what is paid on a later turn than it was held on spends that one', () => {
  const later = { room: 'main', epoch: 2, number: 3 };
  const { paid } = decidePayments([pay('k1', 'r1', 'kim', later)], [payment()], ledgerWith({ kim: 50_000 }));
  expect(paid.map((one) => processed(one.payment).turn)).toEqual([later]);
});

test("another room's turn buys nothing here, but still learns what became of the payment", () => {
  const foreign = pay('k1', 'r1', 'kim', { ...TURN, room: 'side' });
  const ledger = ledgerWith({ kim: 50_000 });
  expect(decidePayments([foreign], [payment()], ledger).outcomes).toEqual([
    { outcome: 'refused', problem: 'queue.token-foreign', extra: { room: 'main' } },
  ]);
  expect(ledger.posted).toEqual([]);
  expect(decidePayments([foreign], [payment({ state: 'PAID' })], ledger).outcomes).toMatchObject([
    { problem: 'payment.already-paid' },
  ]);
});

test('a free seat is paid for with nothing, without a wallet', () => {
  const ledger = ledgerWith({});
  const { outcomes } = decidePayments([pay('k1')], [payment({ amount_krw: 0 })], ledger);
  expect(outcomes).toMatchObject([{ outcome: 'paid', amountKrw: 0, balanceKrw: 0 }]);
  expect(ledger.changes()).toEqual([]);
});

test.each<[PaymentState, object]>([
  ['PAID', { problem: 'payment.already-paid', extra: { paymentId: 'payment of r1' } }],
  ['LAPSED', { problem: 'payment.lapsed' }],
  ['REFUSED', { problem: 'payment.closed', extra: { paymentStatus: 'REFUSED' } }],
  ['VOID', { problem: 'payment.closed', extra: { paymentStatus: 'VOID' } }],
  ['REFUNDED', { problem: 'payment.closed', extra: { paymentStatus: 'REFUNDED' } }],
])('a payment that is %s takes no money', (state, refusal) => {
  const ledger = ledgerWith({ kim: 80_000 });
  const { outcomes } = decidePayments([pay('k1')], [payment({ state })], ledger);
  expect(outcomes).toEqual([{ outcome: 'refused', ...refusal }]);
  expect(ledger.posted).toEqual([]);
});

test("somebody else's reservation is as good as none", () => {
  const ledger = ledgerWith({ kim: 80_000, lee: 80_000 });
  const { outcomes } = decidePayments([pay('k1', 'r1', 'lee'), pay('k2', 'r9')], [payment()], ledger);
  const none = { outcome: 'refused', problem: 'reservation.not-found' };
  expect(outcomes).toEqual([none, none]);
});

test('a double click in one set is one payment and two equal answers', () => {
  const ledger = ledgerWith({ kim: 200_000 });
  const { outcomes } = decidePayments([pay('k1'), pay('k1'), pay('k2')], [payment()], ledger);
  expect(outcomes[1]).toEqual({ ...outcomes[0], replayed: true });
  expect(outcomes[2]).toMatchObject({ problem: 'payment.already-paid' });
  expect(ledger.posted).toHaveLength(1);
});

test('one key pays one reservation', () => {
  const due = [payment(), payment({ reservation_id: 'r2' })];
  const ledger = ledgerWith({ kim: 200_000 });
  const { outcomes } = decidePayments([pay('k1'), pay('k1', 'r2'), pay('k1', 'r9')], due, ledger);
  const reused = { outcome: 'refused', problem: 'idempotency.key-reused' };
  expect(outcomes).toEqual([expect.objectContaining({ outcome: 'paid' }), reused, reused]);
});

test('a replay is answered as then, though the money has gone back since', () => {
  const first = ledgerWith({ kim: 80_000 });
  const { outcomes } = decidePayments([pay('k1')], [payment()], first);
  const later = ledgerWith({ kim: 80_000 }, '2026-11-21T13:00:00.000Z', first.posted);
  const replay = decidePayments([pay('k1')], [payment({ state: 'REFUNDED' })], later);
  expect(replay.outcomes).toEqual([{ ...outcomes[0], replayed: true }]);
  expect(replay.paid).toEqual([]);
});

test('payments of one wallet in a set see what the ones before them left', () => {
  const due = ['r1', 'r2', 'r3'].map((reservation_id) => payment({ reservation_id }));
  const requests = [pay('k1', 'r1'), pay('k2', 'r2'), pay('k3', 'r3')];
  const { outcomes } = decidePayments(requests, due, ledgerWith({ kim: 120_000 }));
  expect(outcomes.map((o) => (o.outcome === 'paid' ? o.balanceKrw : o.problem))).toEqual([
    70_000,
    20_000,
    'wallet.insufficient',
  ]);
});

test('the event of a payment names the seats to sell and the turn to spend', () => {
  expect(processed(payment())).toEqual({
    name: 'PaymentProcessed',
    reservationId: 'r1',
    userId: 'kim',
    performanceId: 7,
    seats: [{ no: 17, version: 1 }],
    paymentId: 'payment of r1',
    amountKrw: 50_000,
    turn: { room: 'main', epoch: 1, number: 48_112 },
  });
});

test.each(['lapsed', 'refused', 'failed'] as const)(
  'the event of a payment that has %s names the seats to release',
  (reason) => {
    expect(processingFailed(payment(), reason)).toEqual({
      name: 'PaymentProcessingFailed',
      reservationId: 'r1',
      userId: 'kim',
      performanceId: 7,
      seats: [{ no: 17, version: 1 }],
      reason,
    });
  },
);

test('what was given back before it was opened has no turn to tell of', () => {
  expect(() => processed(payment({ turn_room: null, turn_epoch: null, turn_number: null }))).toThrow(
    'its turn',
  );
});

const USERS = ['kim', 'lee'];
const step = fc.oneof(
  fc.record({
    does: fc.constant('charge' as const),
    key: fc.integer({ min: 0, max: 4 }),
    user: fc.constantFrom(...USERS),
    amountKrw: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    does: fc.constant('pay' as const),
    key: fc.integer({ min: 0, max: 4 }),
    user: fc.constantFrom(...USERS),
    reservation: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({ does: fc.constant('refund' as const), reservation: fc.integer({ min: 0, max: 3 }) }),
);

// The tables, as maps: what `lock…` would find and what `write…` would leave.
function createBooks() {
  const balances = new Map<string, number>();
  const transfers: Transfer[] = [];
  const payments = new Map<string, PaymentRow>();
  for (const n of [0, 1, 2, 3]) {
    payments.set(`r${n}`, payment({ reservation_id: `r${n}`, user_id: USERS[n % 2] ?? '', amount_krw: n }));
  }
  return {
    balances,
    transfers,
    payments,
    commit: (decide: (ledger: Ledger) => void): void => {
      const ledger = openLedger({ at: NOON, balances, transfers });
      decide(ledger);
      for (const { walletId, wasKrw, isKrw } of ledger.changes()) {
        expect(balances.get(walletId) ?? 0).toBe(wasKrw);
        balances.set(walletId, isKrw);
      }
      transfers.push(...ledger.posted);
    },
  };
}

test('whatever is charged, paid and refunded, in whatever sets: money is conserved, one effect for each key', () => {
  const sets = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { maxLength: 12 });
  let paidEver = 0;
  let refundedEver = 0;
  fc.assert(
    fc.property(sets, (batches) => {
      const books = createBooks();
      for (const batch of batches) {
        books.commit((ledger) => {
          const charges = batch.filter((s) => s.does === 'charge');
          decideCharges(
            charges.map(({ user, key, amountKrw }) => {
              const transferId = `${user}/charge/${key}`;
              return { transferId, userId: user, amountKrw, fingerprint: fingerprint({ amountKrw }) };
            }),
            ledger,
          );
        });
        books.commit((ledger) => {
          const pays = batch.filter((s) => s.does === 'pay');
          const requests = pays.map((s) => pay(`${s.user}/pay/${s.key}`, `r${s.reservation}`, s.user));
          for (const { payment: row } of decidePayments(requests, [...books.payments.values()], ledger)
            .paid) {
            books.payments.set(row.reservation_id, { ...row, state: 'PAID' });
            paidEver++;
          }
        });
        for (const refund of batch.filter((s) => s.does === 'refund')) {
          const row = books.payments.get(`r${refund.reservation}`);
          if (row?.state !== 'PAID') continue;
          const movement = {
            transferId: `refund/${row.payment_id}`,
            walletId: row.user_id,
            fingerprint: null,
          };
          books.commit((ledger) => {
            const { amount_krw: amountKrw, reservation_id: reservationId } = row;
            ledger.post({ kind: 'REFUND', ...movement, amountKrw, reservationId });
          });
          books.payments.set(row.reservation_id, { ...row, state: 'REFUNDED' });
          refundedEver++;
        }
      }
      const sum = (of: readonly Transfer[]) => of.reduce((total, transfer) => total + transfer.amountKrw, 0);
      const kind = (name: Transfer['kind']) => books.transfers.filter((transfer) => transfer.kind === name);
      const balances = [...books.balances.values()];
      const owned = balances.reduce((total, balance) => total + balance, 0);
      expect(owned).toBe(sum(kind('CHARGE')) - sum(kind('PAYMENT')) + sum(kind('REFUND')));
      expect(balances.every((balance) => balance >= 0)).toBe(true);
      expect(new Set(books.transfers.map((transfer) => transfer.transferId)).size).toBe(
        books.transfers.length,
      );
      expect(new Set(kind('PAYMENT').map((transfer) => transfer.reservationId)).size).toBe(
        kind('PAYMENT').length,
      );
    }),
    { numRuns: 300 },
  );
  // A run that never saw money move would prove nothing.
  expect(paidEver).toBeGreaterThan(0);
  expect(refundedEver).toBeGreaterThan(0);
});
