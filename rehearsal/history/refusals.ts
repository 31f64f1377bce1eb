/**
 * Who is told that seats are taken may be told so from memory, which is some hundred milliseconds old: each of the
 * seats must have been taken at some moment from a little before the request to its answer. When a seat came free
 * again is not told to anybody, so what is judged is that somebody had it, or might have, by then.
 */
import { createJudge, type Judgement, seconds } from './judge.ts';
import type { History } from './operation.ts';
import { type Action, select } from './people.ts';
import { bySeat } from './seats.ts';
import type { Tenancy } from './tenancies.ts';

export function checkRefusals(
  { operations, performanceId, takenBefore }: History,
  tenancies: readonly Tenancy[],
  /** They may have happened without leaving a trace with their buyer. */
  traceless: readonly Action<'hold'>[],
): Judgement {
  const judge = createJudge('a seat that is said to be taken was taken', 'I1');
  const takenFromMs = new Map(takenBefore.map((seat) => [seat, -Infinity]));
  const take = (seat: number, ms: number) =>
    takenFromMs.set(seat, Math.min(ms, takenFromMs.get(seat) ?? Infinity));
  for (const [seat, own] of bySeat(performanceId, tenancies))
    for (const { granted } of own) take(seat, granted.fromMs);
  for (const { asked, sentMs } of traceless) {
    if (asked.performanceId === performanceId) for (const seat of asked.seats) take(seat, sentMs);
  }

  for (const hold of select(operations, 'hold')) {
    const { id, userId, asked, sentMs, answeredMs } = hold;
    if (hold.outcome !== 'refused' || hold.taken === undefined || asked.performanceId !== performanceId)
      continue;
    const wrong = hold.taken.filter(
      (seat) => !asked.seats.includes(seat) || (takenFromMs.get(seat) ?? Infinity) > answeredMs,
    );
    judge.expect(
      wrong.length === 0 && hold.taken.length > 0,
      () =>
        `${userId} asked for ${asked.seats.join()} at ${seconds(sentMs)} and was told at ${seconds(answeredMs)} that ` +
        `${hold.taken?.join() ?? ''} were taken; nobody had ${wrong.join() || 'any'} by then`,
      () => [id],
    );
  }
  return judge.judgement();
}
