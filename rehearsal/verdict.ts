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
  /** Those of `broken` that are visits which nobody can explain. */
  readonly unexplained: readonly Unexplained[];
  readonly unjudged: readonly Unjudged[];
  readonly history: HistoryVerdict;
}

export interface Unexplained {
  readonly fan: number;
  /** Of the answer that ended the visit; undefined when it was something else. */
  readonly problem: string | undefined;
  readonly says: string;
}

/** What could not be judged. */
export interface Unjudged {
  readonly what: 'audit' | 'under way' | 'undecided' | 'end' | 'stopped';
  readonly says: string;
}

export function judge({ history, audit, stories, isSettled, wasStopped }: Rehearsal): Verdict {
  const checked = checkHistory(history);
  const unexplained = stories.flatMap(unexplainedOf);
  const broken = [
    ...checked.contradictions.map(({ promise, says }) => `${promise}: ${says}`),
    ...auditBreaks(audit),
    ...unexplained.map(({ says }) => says),
  ];
  const unjudged = [...unaudited(audit), ...undecided(checked.judgements)];
  if (!isSettled) {
    unjudged.push({ what: 'end', says: 'not everything had come to its end, or could be read at the end' });
  }
  if (wasStopped) unjudged.push({ what: 'stopped', says: 'it was stopped before its end' });
  return { isKept: broken.length === 0, broken, unexplained, unjudged, history: checked };
}

function unaudited(audit: AuditReport | undefined): Unjudged[] {
  if (audit === undefined) return [{ what: 'audit', says: 'the service gave no audit' }];
  const open: Unjudged[] = [];
  if (audit.state === 'FAILED') open.push({ what: 'audit', says: 'the audit could not be finished' });
  if (audit.underWay > 0) {
    open.push({ what: 'under way', says: `${audit.underWay} things were still under way` });
  }
  return open;
}

function auditBreaks(audit: AuditReport | undefined): string[] {
  return (audit?.checks ?? [])
    .filter(({ violationCount }) => violationCount > 0)
    .map(({ promise, says, violationCount, violations }) => {
      const [first] = violations;
      return `${promise}: ${says}: ${violationCount} violations${first === undefined ? '' : `, such as ${first}`}`;
    });
}

function unexplainedOf({ index, end }: Story): Unexplained[] {
  if (end?.ending !== 'unexplained') return [];
  const fan = index + 1;
  const says = `nobody can explain what happened to fan ${fan}: ${end.why ?? ''}`;
  return [{ fan, problem: end.problem, says }];
}

/** Where there were too many orders to look through, or too little was told. */
function undecided(judgements: readonly Judgement[]): Unjudged[] {
  return judgements
    .filter((judgement) => judgement.undecided > 0)
    .map(({ check, undecided: count }) => ({
      what: 'undecided',
      says: `${check}: ${count} could not be decided`,
    }));
}
