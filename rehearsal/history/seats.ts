/**
 * A seat has one owner at a time: for each seat there is an order of its grants, payments and ends in which it is
 * free whenever it is granted, and held by the one who pays whenever it is paid.
 */
import { createJudge, type Judgement, seconds } from './judge.ts';
import { linearize, type Step } from './linearize.ts';
import type { History } from './operation.ts';
import type { Tenancy } from './tenancies.ts';

/** Of a right service, some steps for each grant; of a wrong one, all the orders that there are. */
const VISITS_MAX = 50_000;

const FREE = 'free';
const TAKEN_BEFORE = 'taken before';

interface SeatStep extends Step<string> {
  readonly says: string;
  readonly tenancy: Tenancy | null;
}

export function checkSeats(
  { performanceId, takenBefore }: Pick<History, 'performanceId' | 'takenBefore'>,
  tenancies: readonly Tenancy[],
): Judgement {
  const judge = createJudge('a seat has one owner at a time', 'I1');
  const taken = new Set(takenBefore);
  for (const [seat, own] of bySeat(performanceId, tenancies)) {
    const kept = own.filter(({ endFromMs }) => endFromMs === Infinity);
    if (kept.length > 1) {
      judge.expect(
        false,
        () => saysKept(seat, kept),
        () => kept.flatMap(({ operations }) => operations),
      );
      continue;
    }
    const steps = own.flatMap(stepsOf);
    if (taken.has(seat)) steps.push(freedByStranger);
    const found = linearize(steps, taken.has(seat) ? TAKEN_BEFORE : FREE, VISITS_MAX);
    if (found.outcome === 'undecided') judge.leave();
    else {
      judge.expect(
        found.outcome === 'order',
        () => says(seat, steps, found),
        () => own.flatMap(({ operations }) => operations),
      );
    }
  }
  return judge.judgement();
}

export function bySeat(performanceId: number, tenancies: readonly Tenancy[]): Map<number, Tenancy[]> {
  const seats = new Map<number, Tenancy[]>();
  for (const tenancy of tenancies) {
    if (tenancy.performanceId !== performanceId) continue;
    for (const seat of tenancy.seats) {
      const own = seats.get(seat);
      if (own === undefined) seats.set(seat, [tenancy]);
      else own.push(tenancy);
    }
  }
  return seats;
}

/** Two that had it to the end contradict each other in every order, so this needs no search, which might give up. */
function saysKept(seat: number, kept: readonly Tenancy[]): string {
  const owners = kept.map((tenancy) => `${grantOf(tenancy)}${tenancy.paid === null ? '' : ' and paid'}`);
  return `seat ${seat}: ${owners.join(', ')}: nobody gave it up`;
}

function grantOf({ userId, reservationId, granted }: Tenancy): string {
  return `granted to ${userId} for ${reservationId}, ${between(granted)}`;
}

const freedByStranger: SeatStep = {
  fromMs: -Infinity,
  byMs: Infinity,
  isCertain: false,
  says: 'freed by somebody who is not in the history',
  tenancy: null,
  apply: (state) => (state === TAKEN_BEFORE ? FREE : undefined),
};

function stepsOf(tenancy: Tenancy): SeatStep[] {
  const { userId, reservationId, granted, paid, endFromMs } = tenancy;
  const [held, sold] = [`held for ${reservationId}`, `sold for ${reservationId}`];
  const steps: SeatStep[] = [
    {
      ...granted,
      isCertain: true,
      says: grantOf(tenancy),
      tenancy,
      apply: (state) => (state === FREE ? held : undefined),
    },
  ];
  if (paid !== null) {
    steps.push({
      ...paid,
      isCertain: true,
      says: `paid by ${userId} for ${reservationId}, ${between(paid)}`,
      tenancy,
      apply: (state) => (state === held ? sold : undefined),
    });
  }
  if (endFromMs < Infinity) {
    steps.push({
      fromMs: endFromMs,
      byMs: Infinity,
      isCertain: false,
      says: `given up by ${userId} for ${reservationId}, not before ${seconds(endFromMs)}`,
      tenancy,
      apply: (state) => (state === held || state === sold ? FREE : undefined),
    });
  }
  return steps;
}

function between({ fromMs, byMs }: { readonly fromMs: number; readonly byMs: number }): string {
  return byMs === Infinity ? `after ${seconds(fromMs)}` : `from ${seconds(fromMs)} to ${seconds(byMs)}`;
}

function says(seat: number, steps: readonly SeatStep[], found: ReturnType<typeof linearize>): string {
  if (found.outcome !== 'none') return '';
  const name = (index: number) => steps[index]?.says ?? '';
  const before = found.order.slice(-2).map(name).join('; ');
  return `seat ${seat}: ${found.stuck.map(name).join(' and ')} cannot follow ${before || 'what it was at first'}`;
}
