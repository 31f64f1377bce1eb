/** Whether a right service can have answered as it did. */
import type { Judgement } from './judge.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import { checkKept } from './kept.ts';
import { checkLine } from './line.ts';
import { checkMoney } from './money.ts';
import type { Contradiction, History } from './operation.ts';
import { peopleOf } from './people.ts';
import { checkPlaces } from './places.ts';
import { checkRefusals } from './refusals.ts';
import { checkSeats } from './seats.ts';
import { holdsOf } from './tenancies.ts';
import { checkUnknowns } from './unknowns.ts';
import { checkViews } from './views.ts';

export interface Verdict {
  readonly contradictions: readonly Contradiction[];
  /** For each check: how many things it looked at. One that looked at none has shown nothing. */
  readonly counts: Readonly<Record<string, number>>;
  /** The same with what could not be decided. */
  readonly judgements: readonly Judgement[];
  readonly coverage: Coverage;
}

export function checkHistory(history: History): Verdict {
  const people = peopleOf(history);
  const held = people.map((person) => ({ person, ...holdsOf(person, history) }));
  const tenancies = held.flatMap((holds) => holds.tenancies);
  const traceless = held.flatMap((holds) => holds.traceless);
  const judgements = [
    checkSeats(history, tenancies),
    ...checkRefusals(history, tenancies, traceless),
    ...checkLine(history, people),
    checkPlaces(history, people),
    ...checkMoney(held),
    ...checkKept(history, held),
    ...checkUnknowns(held),
    ...checkViews(history, people),
  ];
  return {
    contradictions: judgements.flatMap(({ contradictions }) => contradictions),
    counts: Object.fromEntries(judgements.map(({ check, judged }) => [check, judged])),
    judgements,
    coverage: coverageOf(history, held),
  };
}
