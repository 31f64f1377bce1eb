import Type, { type Static } from 'typebox';
import { Instant, PerformanceId, SeatNo, Uuid } from '../ids.ts';
import { AmountKrw, ChargeAmount } from '../money.ts';
import { NextCursor } from './paging.ts';

/** A refund always succeeds, so a balance can be above what a charge may reach. */
const Balance = Type.Integer({ minimum: 0, maximum: 1_000_000_000_000, description: 'balance in won' });

export const PayBody = Type.Object(
  { reservationId: Uuid },
  { additionalProperties: false, description: 'what to pay; what it costs is known' },
);
export type PayBody = Static<typeof PayBody>;

export const PayAnswer = Type.Object(
  {
    paymentId: Uuid,
    reservationId: Uuid,
    status: Type.Literal('PAID'),
    amount: AmountKrw,
    balance: Balance,
    paidAt: Instant,
  },
  { additionalProperties: false },
);

export const PaymentParams = Type.Object({ paymentId: Uuid }, { additionalProperties: false });

export const PaymentAnswer = Type.Object(
  {
    paymentId: Uuid,
    reservationId: Uuid,
    status: Type.Enum(['PAID', 'REFUNDED']),
    performanceId: PerformanceId,
    seats: Type.Array(SeatNo),
    amount: AmountKrw,
    paidAt: Instant,
    refundedAt: Type.Union([Instant, Type.Null()]),
  },
  { additionalProperties: false },
);
export type PaymentAnswer = Static<typeof PaymentAnswer>;

export const PaymentList = Type.Object(
  { payments: Type.Array(PaymentAnswer), next: NextCursor },
  { additionalProperties: false },
);

export const ChargeBody = Type.Object({ amount: ChargeAmount }, { additionalProperties: false });
export type ChargeBody = Static<typeof ChargeBody>;

export const ChargeAnswer = Type.Object(
  { transferId: Uuid, amount: ChargeAmount, balance: Balance },
  { additionalProperties: false },
);

export const WalletAnswer = Type.Object({ balance: Balance }, { additionalProperties: false });

export const EntryAnswer = Type.Object(
  {
    transferId: Uuid,
    kind: Type.Enum(['CHARGE', 'PAYMENT', 'REFUND']),
    amount: Type.Integer({ description: 'won; negative for what left the wallet' }),
    balanceAfter: Balance,
    reservationId: Type.Union([Uuid, Type.Null()], { description: 'what was paid or refunded' }),
    at: Instant,
  },
  { additionalProperties: false },
);
export type EntryAnswer = Static<typeof EntryAnswer>;

export const EntryList = Type.Object(
  { entries: Type.Array(EntryAnswer), next: NextCursor },
  { additionalProperties: false },
);
