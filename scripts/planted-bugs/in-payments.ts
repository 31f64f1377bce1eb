import type { PlantedBug } from './planted-bug.ts';

const PAYS = 'server/src/payments/pay-reservations.int.test.ts';
const REFUNDS = 'server/src/payments/refund-payments.int.test.ts';
const LAPSES = 'server/src/payments/lapse-payments.int.test.ts';

export const IN_PAYMENTS: readonly PlantedBug[] = [
  {
    name: 'balance-to-the-last-won',
    says: '`>` instead of `>=` where the balance is compared with the price.',
    harm: 'Whoever has charged exactly the price cannot pay it.',
    promise: 'I2',
    file: 'server/src/payments/payment.ts',
    changes: [
      {
        find: 'if (balance >= amount) return undefined;',
        replace: 'if (balance > amount) return undefined;',
      },
    ],
    killers: [
      { file: PAYS, test: 'too little money takes nothing; the same key pays once there is enough' },
      { file: 'server/src/payments/payment.test.ts', test: 'the last won may be spent' },
    ],
  },
  {
    name: 'wallet-read-and-written',
    says: 'The wallet is read without a lock, and then written.',
    harm: 'Two purchases, or a purchase and a charge, of one moment: one of the two movements is lost.',
    promise: 'I2',
    file: 'server/src/payments/post-transfers.ts',
    changes: [
      { find: 'where user_id = wanted.user_id for update\n', replace: 'where user_id = wanted.user_id\n' },
      { find: ' and w.balance_krw = m.was_krw', replace: '' },
    ],
    killers: [
      {
        file: REFUNDS,
        test: 'one wallet, charged, paid from and refunded to by everybody at once, stays the sum of it all',
      },
    ],
  },
  {
    name: 'refund-without-its-own-id',
    says: 'A refund has a new id each time, and what is refunded already is refunded again.',
    harm: 'An event that comes twice gives the money back twice.',
    promise: 'I5',
    file: 'server/src/payments/refund-payments.ts',
    changes: [
      {
        find: "payments.filter((payment) => payment.state === 'PAID')",
        replace: "payments.filter((payment) => payment.state === 'PAID' || payment.state === 'REFUNDED')",
      },
      {
        find: "derivedUuid('refund', payment.payment_id)",
        replace: "derivedUuid('refund', payment.payment_id, String(performance.now()))",
      },
      {
        find: "closePayments(tx, paid, 'REFUNDED', ledger.at)",
        replace: "closePayments(tx, paid.filter(({ state }) => state === 'PAID'), 'REFUNDED', ledger.at)",
      },
    ],
    killers: [{ file: REFUNDS, test: 'when the turn was spent before, the money goes back, once' }],
  },
  {
    name: 'lapse-whatever-the-state',
    says: 'Whatever is past its deadline lapses; that it was paid is not looked at.',
    harm: 'Five minutes after the purchase the ticket is gone, and the money with it.',
    promise: 'I3',
    file: 'server/src/payments/lapse-payments.ts',
    changes: [
      {
        find: "set state = 'LAPSED', closed_at",
        replace: "set state = 'LAPSED', paid_at = null, request_id = null, closed_at",
      },
      {
        find: "and expires_at <= (select clock_timestamp()) and state = 'DUE'",
        replace: 'and expires_at <= (select clock_timestamp())',
      },
    ],
    killers: [
      {
        file: PAYS,
        test: 'around the deadline a payment is paid or lapsed, never both, and the events agree',
      },
    ],
  },
  {
    name: 'sweep-that-looks-back-at-nothing',
    says: 'The sweep goes on where its last pass ended, and looks back at nothing.',
    harm: 'A payment that was locked when the sweep came by never lapses: its seats are held for ever.',
    promise: 'I9',
    file: 'server/src/payments/lapse-payments.ts',
    changes: [
      { find: 'const LOOK_BACK_MS = 5_000;', replace: 'const LOOK_BACK_MS = 0;' },
      { find: 'const LOOK_FAR_BACK_MS = 120_000;', replace: 'const LOOK_FAR_BACK_MS = 0;' },
      {
        find: 'mine.far = (await firstLeft(deps, from, startedAt)) ?? startedAt;',
        replace: 'mine.far = startedAt;',
      },
    ],
    killers: [
      { file: LAPSES, test: 'what a pass passed over because it was locked is found by a later one' },
    ],
  },
  {
    name: 'paid-after-the-deadline',
    says: 'What is due can be paid until the sweep has been there.',
    harm: 'The reservation has expired, the seats are on their way to somebody else, and the money is taken.',
    promise: 'I9',
    file: 'server/src/payments/payment.ts',
    changes: [
      {
        find: "if (state === 'LAPSED' || (state === 'DUE' && payment.expires_at <= ledger.at))",
        replace: "if (state === 'LAPSED')",
      },
    ],
    killers: [{ file: PAYS, test: 'past its time nothing can be paid, though no sweep has been there' }],
  },
  {
    name: 'payment-timed-before-the-wait',
    says: 'The time of a payment is `now()`: that of the transaction, which has waited for a lock since.',
    harm: 'Whoever waited past the deadline pays in time, for seats that are given to somebody else.',
    promise: 'I9',
    file: 'server/src/payments/post-transfers.ts',
    changes: [
      {
        find: "select date_trunc('milliseconds', clock_timestamp()) as at`",
        replace: "select date_trunc('milliseconds', transaction_timestamp()) as at`",
      },
    ],
    killers: [
      { file: PAYS, test: 'who was in time when asking, but waited for a lock past the end, is late' },
    ],
  },
  {
    name: 'repetition-decided-anew',
    says: 'A request whose key was used before is decided like any other.',
    harm: 'Whoever did not get the answer and asks again is told that the payment was refused. It was not.',
    promise: 'I4',
    file: 'server/src/payments/payment.ts',
    changes: [{ find: '    if (before !== undefined) return paidBy(before, payment, true);\n', replace: '' }],
    killers: [
      {
        file: PAYS,
        test: 'the same key is answered as before; another key learns that it is paid; another body is refused',
      },
      { file: PAYS, test: 'a double click that reaches two instances is one transfer and two equal answers' },
    ],
  },
];
