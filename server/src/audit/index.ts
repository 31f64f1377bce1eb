/** The auditor: re-derives from the tables and the log what people can rely on. It reads everything and changes nothing. */
import type { AuditReport } from '#contract/http/operator.ts';
import { countFailedPasses, findPass, latestPass, listPasses } from './keep-passes.ts';
import { createPasses, type Passes, type PassesDeps } from './run-passes.ts';

export { CHECKS } from './checks.ts';
export { type AuditResult, countViolations, failuresOf, runAudit } from './run-audit.ts';

export interface Audits extends Passes {
  find(auditId: string): Promise<AuditReport | undefined>;
  list(page: Parameters<typeof listPasses>[1]): ReturnType<typeof listPasses>;
  /** The newest one that came to its end, or found something before it failed, on whatever instance. */
  latest(): Promise<AuditReport | undefined>;
  /** Since the last one that came to its end. */
  countFailed(): Promise<number>;
}

export function createAudits(deps: PassesDeps): Audits {
  const { database } = deps;
  return {
    ...createPasses(deps),
    find: (auditId) => findPass(database, auditId),
    list: (page) => listPasses(database, page),
    latest: () => latestPass(database),
    countFailed: () => countFailedPasses(database),
  };
}
