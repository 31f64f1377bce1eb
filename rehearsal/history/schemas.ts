/** What a file must have to be taken for a history. The types are those of `operation.ts`. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { PLACE_STATES } from '#contract/http/queue.ts';
import { RESERVATION_STATUSES } from '#contract/http/reservations.ts';
import type { Kinds, What } from './operation.ts';

const Text = Type.String({ maxLength: 500 });
const Ms = Type.Number();
const Count = Type.Integer({ minimum: 0 });
const Amount = Type.Integer();
const None = Type.Null();
const Seats = Type.Array(Type.Integer({ minimum: 1 }));

const standing = { number: Count, state: Type.Enum([...PLACE_STATES]), ahead: Count };
const Reservation = Type.Object({
  reservationId: Text,
  status: Type.Enum([...RESERVATION_STATUSES]),
  seats: Seats,
  amount: Amount,
});
const Entry = Type.Object({
  transferId: Text,
  kind: Type.Enum(['CHARGE', 'PAYMENT', 'REFUND']),
  amount: Amount,
  balanceAfter: Amount,
  reservationId: Type.Union([Text, None]),
});
const Ticket = Type.Object({ reservationId: Text, performanceId: Count, seat: Count });
const Room = Type.Object({ room: Text });
const Performance = Type.Object({ performanceId: Count });
const OfReservation = Type.Object({ reservationId: Text });

const kinds = {
  join: { asked: Room, told: Type.Object({ ...standing, fresh: Type.Boolean() }) },
  look: { asked: Room, told: Type.Object(standing) },
  leave: { asked: Room, told: None },
  map: { asked: Performance, told: Type.Object({ version: Text, remaining: Count, digest: Text }) },
  hold: {
    asked: Type.Object({ performanceId: Count, seats: Seats, payNow: Type.Boolean() }),
    told: Type.Object({ reservationId: Text, amount: Amount }),
  },
  'give-back': { asked: OfReservation, told: None },
  charge: {
    asked: Type.Object({ amount: Amount }),
    told: Type.Object({ transferId: Text, balance: Amount }),
  },
  pay: {
    asked: OfReservation,
    told: Type.Object({ paymentId: Text, amount: Amount, balance: Amount }),
  },
  wallet: { asked: None, told: Type.Object({ balance: Amount }) },
  entries: { asked: None, told: Type.Array(Entry) },
  reservation: { asked: OfReservation, told: Reservation },
  reservations: { asked: None, told: Type.Array(Reservation) },
  tickets: { asked: None, told: Type.Array(Ticket) },
  other: { asked: Type.Object({ path: Text }), told: None },
} as const satisfies Record<What, Record<keyof Kinds[What], unknown>>;

const request = {
  id: Count,
  userId: Text,
  device: Count,
  instance: Count,
  sentMs: Ms,
  answeredMs: Ms,
  status: Count,
  key: Type.Union([Text, None]),
  isFinal: Type.Boolean(),
};

const OperationSchema = Type.Union(
  Object.entries(kinds).flatMap(([what, { asked, told }]) => {
    const common = { ...request, what: Type.Literal(what), asked };
    return [
      Type.Object({ ...common, outcome: Type.Literal('ok'), told }),
      Type.Object({
        ...common,
        outcome: Type.Literal('refused'),
        problem: Text,
        taken: Type.Optional(Seats),
      }),
      Type.Object({
        ...common,
        outcome: Type.Literal('unknown'),
        problem: Text,
        retryAfterS: Type.Optional(Type.Number()),
      }),
    ];
  }),
);

const tolds: Readonly<Record<string, { Check(told: unknown): boolean }>> = Object.fromEntries(
  Object.entries(kinds).map(([what, { told }]) => [what, Compile(told)]),
);

/** Whether this is what a right service tells whoever asks so. */
export function isTold(what: What, told: unknown): boolean {
  return tolds[what]?.Check(told) === true;
}

export const FORMAT = 'frontrow-history-1';

export const operationCheck = Compile(OperationSchema);

/** The first line of a file. */
export const headCheck = Compile(
  Type.Object({
    format: Type.Literal(FORMAT),
    /** So many lines follow. */
    count: Count,
    room: Text,
    performanceId: Count,
    holdTtlMs: Ms,
    takenBefore: Seats,
    givesUp: Type.Optional(Type.Boolean()),
    lateMs: Type.Optional(Ms),
  }),
);
