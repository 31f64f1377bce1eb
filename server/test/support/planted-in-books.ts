/** How the rows of money, of the line and of the log can be made to lie. */
import { letInNext, OTHER, OVERDUE, type Planted } from './audited-story.ts';

const append = (name: string, event: string) =>
  `insert into messaging.log (names, events, event_count) values ('{${name}}', json_build_array(${event}), 1)`;

export const plantedInMoney: readonly Planted[] = [
  {
    check: 'balances',
    what: 'a won too many in a wallet',
    sql: ({ buyer }) => [
      `update payments.wallet set balance_krw = balance_krw + 1 where user_id = '${buyer}'`,
    ],
    says: ({ buyer }) => new RegExp(`^wallet ${buyer} has 1 won, and 0 after its last transfer$`),
    also: ['money-conserved'],
  },
  {
    check: 'balances',
    what: 'a transfer that leaves another balance than it should',
    sql: ({ buyer }) => [
      `update payments.transfer set balance_after_krw = balance_after_krw + 5 where kind = 'CHARGE' and wallet_id = '${buyer}'`,
    ],
    says: ({ buyer }) =>
      new RegExp(`^transfer \\S+ of wallet ${buyer} leaves 100005 won, and should leave 100000$`),
  },
  {
    check: 'balances',
    what: 'a wallet below nothing',
    sql: ({ buyer }) => [
      `update payments.transfer set amount_krw = amount_krw - 7, balance_after_krw = balance_after_krw - 7 where kind = 'CHARGE' and wallet_id = '${buyer}'`,
      `update payments.transfer set balance_after_krw = -7 where kind = 'PAYMENT' and wallet_id = '${buyer}'`,
      `update payments.wallet set balance_krw = -7 where user_id = '${buyer}'`,
    ],
    says: ({ buyer }) => new RegExp(`^wallet ${buyer} has -7 won`),
  },
  {
    check: 'money-conserved',
    what: 'money that is in no account of before',
    sql: () => [`insert into payments.wallet values ('${OTHER}', 500)`],
    says: () => /won were charged and \d+ taken, but the wallets have/,
    also: ['balances'],
  },
  {
    check: 'money-conserved',
    what: 'a payment of more than was taken',
    sql: ({ paid }) => [
      `update payments.payment set amount_krw = amount_krw + 1 where reservation_id = '${paid}'`,
    ],
    says: () => /^150000 won were taken and not given back, but the paid payments are 150001$/,
    also: ['amounts', 'payment-transfers'],
  },
  {
    check: 'one-effect',
    what: 'a charge that was carried out again when it was sent again',
    sql: ({ buyer }) => [
      `alter table payments.transfer drop constraint transfer_pkey`,
      `insert into payments.transfer (transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, fingerprint, at)
        select transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, amount_krw, fingerprint, clock_timestamp()
        from payments.transfer where kind = 'CHARGE' and wallet_id = '${buyer}'`,
      `update payments.wallet set balance_krw = 100000 where user_id = '${buyer}'`,
    ],
    says: () => /^the request of transfer \S+ has moved money 2 times$/,
  },
  {
    check: 'payment-transfers',
    what: 'a refund of what stays paid',
    sql: ({ paid, buyer }) => [
      `insert into payments.transfer (transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, reservation_id, at)
        values ('${OTHER}', 'REFUND', '00000000-0000-8000-8000-000000000002', '${buyer}', 0, '${buyer}', 0, '${paid}', clock_timestamp())`,
    ],
    says: ({ paid }) =>
      new RegExp(
        `^the payment of reservation ${paid} is PAID, with 1 transfers that pay and 1 that give back$`,
      ),
  },
  {
    check: 'payment-transfers',
    what: 'a payment that another request paid',
    sql: ({ paid }) => [
      `update payments.payment set request_id = '${OTHER}' where reservation_id = '${paid}'`,
    ],
    says: ({ paid }) =>
      new RegExp(`^a transfer of reservation ${paid} has another amount, wallet or request`),
  },
  {
    check: 'lapsed-in-time',
    what: 'a hold that was ended too early',
    sql: ({ lapsed }) => [
      `update payments.payment set closed_at = expires_at - interval '1 second' where reservation_id = '${lapsed}'`,
    ],
    says: ({ lapsed }) =>
      new RegExp(`^the payment of reservation ${lapsed} lapsed at .*, before its deadline`),
  },
  {
    check: 'lapsed-in-time',
    what: 'a payment that is due for less time than its hold lasts',
    sql: ({ held }) => [
      `update payments.payment set expires_at = expires_at - interval '1 minute' where reservation_id = '${held}'`,
    ],
    says: ({ held }) => new RegExp(`^the hold of reservation ${held} ends at`),
  },
];

export const plantedInLine: readonly Planted[] = [
  {
    check: 'admission-order',
    what: 'somebody who was let in after a higher number',
    sql: () => [
      `update waiting_room.token set admitted_at = admitted_at + interval '1 hour' where room = 'main' and number = 2`,
    ],
    says: () => /^number 3 of room main was let in at .*, when a lower one was let in only at/,
  },
  {
    check: 'admission-order',
    what: 'somebody who was passed over and waits',
    sql: () => [`update waiting_room.room set head = 2 where room = 'full'`],
    says: () => /^number 2 of room full waits, though the line has come to 2$/,
  },
  {
    check: 'admission-order',
    what: 'somebody who was let in ahead of the line',
    sql: () => [`update waiting_room.room set head = 0 where room = 'full'`],
    says: () => /^number 1 of room full was let in, though the line has come only to 0$/,
  },
  {
    check: 'room-counters',
    what: 'a room that counts one too many',
    sql: () => [`update waiting_room.room set waiting = waiting + 1 where room = 'full'`],
    says: () => /^room full says last number 3, waiting 3, active 1, .* its places say 3, 2, 1/,
  },
  {
    check: 'room-counters',
    what: 'a number that nobody has',
    sql: () => [
      `delete from waiting_room.token where room = 'full' and number = 2`,
      `update waiting_room.room set waiting = waiting - 1 where room = 'full'`,
    ],
    says: () => /^room full has 2 places with the numbers 1 to 3/,
  },
  {
    check: 'room-counters',
    what: 'a place of an epoch that does not have its number',
    sql: () => [`update waiting_room.token set epoch = 2 where room = 'full' and number = 2`],
    says: () => /^number 2 of room full is of epoch 2, which has other numbers$/,
  },
  {
    check: 'room-counters',
    what: 'a person with two live places',
    sql: () => [
      `update waiting_room.token set user_id = (select user_id from waiting_room.token where room = 'full' and number = 3)
        where room = 'full' and number = 2`,
    ],
    says: () => /^user \S+ has 2 places in room full at once, such as 2 and 3$/,
  },
  {
    check: 'turns-spent',
    what: 'a purchase on a turn that is spent on another one',
    sql: ({ paid }) => [
      `update payments.payment set turn_number = turn_number + 1 where reservation_id = '${paid}'`,
    ],
    says: ({ paid }) =>
      new RegExp(
        `^reservation ${paid} is paid on turn 3 of room main, and turn 2 of room main is spent on it$`,
      ),
  },
  {
    check: 'turns-spent',
    what: 'a turn that is spent on what was never paid',
    sql: ({ held, paid }) => [
      `update waiting_room.token set reservation_id = '${held}' where reservation_id = '${paid}'`,
    ],
    says: ({ held }) =>
      new RegExp(`^turn 2 of room main is spent on reservation ${held}, which is not paid$`),
    also: ['events-are-true'],
  },
  {
    check: 'turns-spent',
    what: 'a turn that paid twice',
    sql: ({ paid }) => [
      `update payments.payment p set turn_room = t.turn_room, turn_number = t.turn_number from payments.payment t
        where t.reservation_id = '${paid}' and p.state = 'PAID' and p.reservation_id <> t.reservation_id`,
    ],
    says: () => /^turn 2 of room main has paid for 2 reservations/,
  },
  {
    check: 'capacity',
    what: 'somebody who was let into a full room',
    sql: () => letInNext('full'),
    says: () => /^2 were inside room full when number 2 was let in at .*, of at most 1$/,
  },
  {
    check: 'rate',
    what: 'somebody who was let in too soon',
    sql: () => letInNext('paced'),
    says: () => /^more than 1 were let into room paced within 60000 ms when number 2 was/,
  },
];

export const plantedInLog: readonly Planted[] = [
  {
    check: 'one-event',
    what: 'an event that is in the log twice',
    sql: () => [
      `insert into messaging.log (names, events, event_count)
        select '{SeatSold}', json_build_array(e), 1 from messaging.log, json_array_elements(events) as e where e ->> 'name' = 'SeatSold' limit 1`,
    ],
    says: () => /^SeatSold of reservation \S+ is 2 times in the log$/,
  },
  {
    check: 'one-event',
    what: 'a performance that was scheduled twice',
    sql: ({ performance }) => [
      append(
        'PerformanceScheduled',
        `'{"name": "PerformanceScheduled", "performanceId": ${performance}}'::json`,
      ),
      `update messaging.cursor set epoch = 2`,
    ],
    says: ({ performance }) =>
      new RegExp(`^PerformanceScheduled of performance ${performance} is 2 times in the log$`),
  },
  {
    check: 'events-are-true',
    what: 'a change of state whose event is not there',
    sql: ({ paid }) => [
      `update messaging.log set names = array_remove(names, 'TokenExpired'), event_count = 0, events = '[]'
        where events::jsonb @> '[{"name": "TokenExpired", "reservationId": "${paid}"}]'`,
    ],
    says: ({ paid }) =>
      new RegExp(`^the state of reservation ${paid} is without its event in the log: TokenExpired`),
  },
  {
    check: 'events-are-true',
    what: 'an event of something that did not happen',
    sql: ({ held }) => [append('SeatSold', `'{"name": "SeatSold", "reservationId": "${held}"}'::json`)],
    says: ({ held }) =>
      new RegExp(`^the log tells of reservation ${held} what its state does not say: SeatSold$`),
  },
  {
    check: 'readers',
    what: 'a reader that stands still',
    sql: () => [
      `update messaging.log set at = ${OVERDUE}`,
      `update messaging.cursor set xid = '0', id = 0 where reader = 'seats'`,
    ],
    says: () => /^reader seats has not passed \d+ events, the oldest of /,
  },
  {
    check: 'readers',
    what: 'a cursor that is gone',
    sql: () => [`delete from messaging.cursor where reader = 'payments'`],
    says: () => /^the cursor of reader payments is gone$/,
  },
  {
    check: 'parked',
    what: 'an event that is parked',
    sql: ({ held }) => [
      `insert into messaging.parked (reader, epoch, xid, id, position, event, error, retry_at)
        values ('seats', 1, '1', 1, 0, '{"name": "SeatReserved", "reservationId": "${held}"}', 'out of order', clock_timestamp())`,
    ],
    says: () => /^event \d+, SeatReserved, is parked: reader seats has failed on it 1 times, out of order$/,
  },
  {
    check: 'stuck',
    what: 'a payment that nobody lapses',
    sql: ({ held }) =>
      ['seats.hold', 'reservations.reservation', 'payments.payment'].map(
        (table) =>
          `update ${table} set expires_at = date_trunc('milliseconds', transaction_timestamp() - interval '2 minutes') where reservation_id = '${held}'`,
      ),
    says: ({ held }) => new RegExp(`^the payment of reservation ${held} is DUE, and its deadline was`),
  },
  {
    check: 'stuck',
    what: 'a turn that nobody ends',
    sql: () => [
      `update waiting_room.token set expires_at = ${OVERDUE}, holds_until = ${OVERDUE} where room = 'full' and number = 1`,
    ],
    says: () => /^turn 1 of room full is ACTIVE, and its end was/,
  },
  {
    check: 'stuck',
    what: 'a line that stands still',
    sql: () => [`update waiting_room.room set refilled_at = ${OVERDUE} where room = 'paced'`],
    says: () => /^the line of room paced stands still since .*, though 2 wait and 1 of 100 turns are taken$/,
  },
];
