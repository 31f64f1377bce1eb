/**
 * A crowd that does each thing at the same moment, by the use cases that the routes call. What is asked in one turn of
 * the event loop rides in one batch, so up to `limits.batch.undividedMax` of them are one batch of each kind, on any machine.
 */
import { expect } from 'vitest';
import type { Place } from '#contract/ids.ts';
import type { Context } from '../../src/context.ts';
import { derivedUuid, fingerprint, newUuid } from '../../src/platform/identifiers.ts';

export interface Member {
  readonly userId: string;
}

export interface InLine extends Member {
  readonly place: Place;
}

export interface Holding extends InLine {
  readonly reservationId: string;
}

export const gather = (count: number): Member[] =>
  Array.from({ length: count }, () => ({ userId: newUuid() }));

export async function chargeTogether(
  { payments }: Context,
  crowd: readonly Member[],
  amountKrw: number,
): Promise<void> {
  const charge = ({ userId }: Member) =>
    payments.charge({
      transferId: derivedUuid(userId, 'POST /wallet/charges', newUuid()),
      userId,
      amountKrw,
      fingerprint: fingerprint({ amount: amountKrw }),
    });
  const outcomes = await Promise.all(crowd.map(charge));
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['charged']));
}

export async function joinTogether(
  { waitingRoom }: Context,
  crowd: readonly Member[],
  state: 'ACTIVE' | 'WAITING' = 'ACTIVE',
): Promise<InLine[]> {
  const outcomes = await Promise.all(crowd.map(({ userId }) => waitingRoom.join(userId)));
  return outcomes.map((outcome, index) => {
    if (outcome.outcome !== 'joined') throw new Error(`not in line: ${outcome.problem}`);
    expect(outcome.standing.state).toBe(state);
    return { userId: crowd[index]?.userId ?? '', place: outcome.place };
  });
}

/** As the door does before each hold and each payment. */
export async function passTogether(
  { waitingRoom }: Context,
  crowd: readonly InLine[],
  act: 'hold' | 'pay',
): Promise<void> {
  const pass = ({ place, userId }: InLine) => waitingRoom.requireActive(place, userId, act);
  expect(new Set(await Promise.all(crowd.map(pass)))).toEqual(new Set(['active']));
}

/** The first takes the first of these seats, and so on. */
export async function holdTogether(
  { seats }: Context,
  crowd: readonly InLine[],
  performanceId: number,
  seatNos: readonly number[],
): Promise<Holding[]> {
  const hold = ({ userId, place }: InLine, index: number) => {
    const wanted = seatNos.slice(index, index + 1);
    return seats.hold({
      reservationId: derivedUuid(userId, 'POST /reservations', newUuid()),
      userId,
      performanceId,
      seatNos: wanted,
      turn: place,
      payNow: false,
      fingerprint: fingerprint({ performanceId, seats: wanted }),
    });
  };
  const outcomes = await Promise.all(crowd.map(hold));
  return crowd.map((member, index) => {
    const outcome = outcomes[index];
    if (outcome?.outcome !== 'held') throw new Error('a free seat is held by whoever asks for it first');
    return { ...member, reservationId: outcome.reservationId };
  });
}

export async function payTogether({ payments }: Context, crowd: readonly Holding[]): Promise<void> {
  const pay = ({ userId, place, reservationId }: Holding) =>
    payments.pay({
      requestId: derivedUuid(userId, 'POST /payments', newUuid()),
      userId,
      reservationId,
      turn: place,
      fingerprint: fingerprint({ reservationId }),
    });
  const outcomes = await Promise.all(crowd.map(pay));
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['paid']));
}
