/**
 * Who is told that seats are taken may be told so from memory, which is some hundred milliseconds old: each of the
 * seats must have been taken at some moment from a little before the request to its answer. When a seat came free
 * again is not told to anybody, so what is judged is that somebody had it, or might have, by then; and that the last
 * of them need not have lost it long before.
 */
import { createJudge, type Judgement, seconds } from './judge.ts';
import type { History, OperationOf } from './operation.ts';
import { type Action, select } from './people.ts';
import { bySeat } from './seats.ts';
import type { Tenancy } from './tenancies.ts';

/** Promised: from the end of a hold until somebody else can have its seats. */
const FREE_WITHIN_MS = 5_000;
/** Memory is behind, clocks do not run at quite the same pace, and how long holds last may have been learnt in whole seconds. */
const SLACK_MS = 2_000;

/** Somebody who had a seat, or might have had it. */
interface Owner {
  readonly fromMs: number;
  readonly byMs: number;
}

/** What somebody was told to be taken, of this performance. */
interface Refusal {
  readonly hold: OperationOf<'hold'>;
  readonly taken: readonly number[];
}

export function checkRefusals(
  history: History,
  tenancies: readonly Tenancy[],
  /** They may have happened without leaving a trace with their buyer. */
  traceless: readonly Action<'hold'>[],
): Judgement[] {
  const owners = ownersOf(history, tenancies, traceless);
  const refusals = refusalsOf(history);
  return [checkTaken(refusals, owners), checkFreed(refusals, owners, history.lateMs ?? 0)];
}

type Owners = ReadonlyMap<number, readonly Owner[]>;

function ownersOf(
  { performanceId, takenBefore }: History,
  tenancies: readonly Tenancy[],
  traceless: readonly Action<'hold'>[],
): Owners {
  const owners = new Map<number, Owner[]>();
  const own = (seat: number, owner: Owner) => {
    const others = owners.get(seat);
    if (others === undefined) owners.set(seat, [owner]);
    else others.push(owner);
  };
  for (const seat of takenBefore) own(seat, { fromMs: -Infinity, byMs: Infinity });
  for (const [seat, holds] of bySeat(performanceId, tenancies)) {
    for (const { granted, endByMs } of holds) own(seat, { fromMs: granted.fromMs, byMs: endByMs });
  }
  for (const { asked, sentMs } of traceless) {
    if (asked.performanceId !== performanceId) continue;
    for (const seat of asked.seats) own(seat, { fromMs: sentMs, byMs: Infinity });
  }
  return owners;
}

function refusalsOf({ operations, performanceId }: History): Refusal[] {
  return select(operations, 'hold').flatMap((hold) => {
    const isOne = hold.outcome === 'refused' && hold.asked.performanceId === performanceId;
    return isOne && hold.taken !== undefined ? [{ hold, taken: hold.taken }] : [];
  });
}

function checkTaken(refusals: readonly Refusal[], owners: Owners): Judgement {
  const judge = createJudge('a seat that is said to be taken was taken', 'I1');
  for (const { hold, taken } of refusals) {
    const { id, userId, asked, sentMs, answeredMs } = hold;
    const wasTaken = (seat: number) => owners.get(seat)?.some(({ fromMs }) => fromMs <= answeredMs) === true;
    const wrong = taken.filter((seat) => !asked.seats.includes(seat) || !wasTaken(seat));
    judge.expect(
      wrong.length === 0 && taken.length > 0,
      () =>
        `${userId} asked for ${asked.seats.join()} at ${seconds(sentMs)} and was told at ${seconds(answeredMs)} that ` +
        `${taken.join()} were taken; nobody had ${wrong.join() || 'any'} by then`,
      () => [id],
    );
  }
  return judge.judgement();
}

function checkFreed(refusals: readonly Refusal[], owners: Owners, lateMs: number): Judgement {
  const judge = createJudge('a seat is free again within 5 s after its hold', 'I8');
  for (const { hold, taken } of refusals) {
    const { id, userId, sentMs, answeredMs } = hold;
    /** Until when somebody can have had it; -Infinity: nobody ever had. */
    const hadUntilMs = (seat: number) =>
      (owners.get(seat) ?? [])
        .filter(({ fromMs }) => fromMs <= answeredMs)
        .reduce((last, { byMs }) => Math.max(last, byMs), -Infinity);
    const late = taken.filter((seat) => {
      const untilMs = hadUntilMs(seat);
      return untilMs > -Infinity && untilMs + FREE_WITHIN_MS + SLACK_MS + lateMs < sentMs;
    });
    judge.expect(
      late.length === 0,
      () =>
        `${userId} was told at ${seconds(answeredMs)}, having asked at ${seconds(sentMs)}, that ${late.join()} were ` +
        `taken; nobody can have had them after ${late.map((seat) => seconds(hadUntilMs(seat))).join()}`,
      () => [id],
    );
  }
  return judge.judgement();
}
