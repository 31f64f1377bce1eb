/** Asks the service's auditor whether everything is as it should be, when nothing is under way any more. */
import type { AuditReport } from '#contract/http/operator.ts';
import type { Clock } from '../server/src/platform/clock.ts';
import type { Operator } from './operator.ts';

const PAUSE_MS = 250;
/** A service that is away for longer gives none. */
const AWAY_MS = 60_000;

/** Undefined: the service gave no verdict. */
export async function askForAudit(
  operator: Operator,
  clock: Clock,
  options: { readonly withinMs: number },
): Promise<AuditReport | undefined> {
  const untilMs = clock.monotonicMs() + options.withinMs;
  const leftMs = () => Math.max(0, untilMs - clock.monotonicMs());
  for (let last: AuditReport | undefined; ;) {
    const begun = await operator.insist('POST', '/admin/audits', { withinMs: Math.min(AWAY_MS, leftMs()) });
    if (begun.status !== 202) return last;
    last = await follow(String(begun.body['auditId']), operator, clock, leftMs);
    const isFinished = last === undefined || last.state !== 'CLEAN' || last.underWay === 0;
    if (isFinished || leftMs() === 0) return last;
    await clock.sleep(PAUSE_MS);
  }
}

async function follow(auditId: string, operator: Operator, clock: Clock, leftMs: () => number) {
  for (;;) {
    const answer = await operator.insist('GET', `/admin/audits/${auditId}`, {
      withinMs: Math.min(AWAY_MS, leftMs()),
    });
    if (answer.status !== 200) return undefined;
    const report = answer.body as AuditReport;
    if (report.state !== 'RUNNING') return report;
    if (leftMs() === 0) return undefined;
    await clock.sleep(PAUSE_MS);
  }
}
