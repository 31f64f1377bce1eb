/** Whether every promise was kept: by what fans were told, by the service's own audit, and by how their visits ended. */
import type { AuditReport } from '#contract/http/operator.ts';
import type { Story } from './crowd/fan.ts';
import type { Judgement } from './history/judge.ts';
import { checkHistory, type Verdict as HistoryVerdict } from './history/check-history.ts';
import type { Rehearsal } from './rehearse.ts';

export interface Verdict {
  readonly isKept: boolean;
  /** What is broken, a sentence each. */
  readonly broken: readonly string[];
  /** What could not be judged, a sentence each. */
  readonly unjudged: readonly string[];
  readonly history: HistoryVerdict;
}

export function judge({ history, audit, stories, isSettled, wasStopped }: Rehearsal): Verdict {
  const checked = checkHistory(history);
  const broken = [
    ...checked.contradictions.map(({ promise, says }) => `${promise}: ${says}`),
    ...auditBreaks(audit),
    ...unexplained(stories),
  ];
  const unjudged = [
    ...(audit === undefined ? ['the service gave no audit'] : []),
    ...(audit?.state === 'FAILED' ? ['the audit could not be finished'] : []),
    ...(audit !== undefined && audit.underWay > 0 ? [`${audit.underWay} things were still under way`] : []),
    ...(isSettled ? [] : ['not everything had come to its end, or could be read at the end']),
    ...undecided(checked.judgements),
    ...(wasStopped ? ['it was stopped before its end'] : []),
  ];
  return { isKept: broken.length === 0, broken, unjudged, history: checked };
}

function auditBreaks(audit: AuditReport | undefined): string[] {
  return (audit?.checks ?? [])
    .filter(({ violationCount }) => violationCount > 0)
    .map(({ promise, says, violationCount, violations }) => {
      const [first] = violations;
      return `${promise}: ${says}: ${violationCount} violations${first === undefined ? '' : `, such as ${first}`}`;
    });
}

/** Where there were too many orders to look through, or too little was told. */
function undecided(judgements: readonly Judgement[]): string[] {
  return judgements
    .filter((judgement) => judgement.undecided > 0)
    .map((judgement) => `${judgement.check}: ${judgement.undecided} could not be decided`);
}

function unexplained(stories: readonly Story[]): string[] {
  return stories
    .filter(({ end }) => end?.ending === 'unexplained')
    .map(({ index, end }) => `nobody can explain what happened to fan ${index + 1}: ${end?.why ?? ''}`);
}
