/** Money is whole Korean won, always an integer; there is no other currency and no fraction. */
import Type from 'typebox';
import { INT4_MAX } from './ids.ts';

/** The most that one charge may add. */
export const CHARGE_MAX_KRW = 10_000_000;
/** The most that a wallet may hold. Far below 2^53, so sums stay exact in JavaScript too. */
export const BALANCE_MAX_KRW = 1_000_000_000;
/** The most that one seat may cost. With 10 seats to a hold an amount stays below 2^31. */
const PRICE_MAX_KRW = 10_000_000;

export const ChargeAmount = Type.Integer({ minimum: 1, maximum: CHARGE_MAX_KRW, description: 'won to add' });
export const AmountKrw = Type.Integer({ minimum: 0, maximum: INT4_MAX, description: 'won' });
export const PriceKrw = Type.Integer({ minimum: 0, maximum: PRICE_MAX_KRW, description: 'won for one seat' });
