/** The passes of all instances, in one table. */
import type { AuditReport, AuditSummary } from '#contract/http/operator.ts';
import { limits } from '../limits.ts';
import { newUuid } from '../platform/identifiers.ts';
import type { Database, Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { AuditResult } from './run-audit.ts';
import { countViolations } from './run-audit.ts';

const { passMsMax, pauseFactor, keptMax } = limits.audit;

// One that runs for longer than any pass was left behind by an instance that ended.
const HEAD = `audit_id, case when state = 'RUNNING' and started_at < clock_timestamp() - ${passMsMax} * interval '1 millisecond'
    then 'FAILED' else state end as state, started_at, took_ms, under_way`;

const OPEN = statement(`/* audit.open-pass */ insert into audit.pass (audit_id) values ($1)`);

// The lock goes with the transaction. It is a statement of its own, so that the next one sees what its last owner wrote.
const ALONE = statement(`/* audit.alone */
select pg_try_advisory_xact_lock(hashtext('frontrow.audit')) as alone`);

const OPEN_DUE = statement(`/* audit.open-due-pass */
insert into audit.pass (audit_id)
select $1
where not exists (
  select from audit.pass
  where started_at > clock_timestamp() - ${passMsMax} * interval '1 millisecond' and state = 'RUNNING'
    or started_at > clock_timestamp() - (took_ms + greatest($2::float8, ${pauseFactor} * took_ms)) * interval '1 millisecond'
)
returning audit_id`);

const CLOSE = statement(`/* audit.close-pass */
update audit.pass
set state = $2, took_ms = $3, under_way = $4, violation_count = $5, checks = $6
where audit_id = $1`);

// Clean ones come every minute; what was found is worth more, and is kept by a count of its own.
const FORGET = statement(`/* audit.forget-passes */
delete from audit.pass where pass_no in (
  select pass_no from (
    select pass_no, row_number() over (partition by state = 'VIOLATED' order by pass_no desc) as place from audit.pass
  ) as p
  where place > ${keptMax}
)`);

const FIND = statement(`/* audit.find-pass */ select ${HEAD}, checks from audit.pass where audit_id = $1`);

const LATEST = statement(`/* audit.latest-pass */
select ${HEAD}, checks from audit.pass where state in ('CLEAN', 'VIOLATED') order by pass_no desc limit 1`);

const LIST = statement(`/* audit.list-passes */
select pass_no, violation_count, ${HEAD} from audit.pass
where pass_no < $1::bigint
order by pass_no desc
limit $2`);

interface HeadRow extends Record<string, unknown> {
  readonly audit_id: string;
  readonly state: AuditReport['state'];
  readonly started_at: string;
  readonly took_ms: number | null;
  readonly under_way: number;
}
type PassRow = HeadRow & { readonly checks: AuditReport['checks'] };

/** A pass that somebody asks for; it runs as soon as its instance comes to it. */
export async function openPass(database: Reader): Promise<string> {
  const auditId = newUuid();
  await database.rows(OPEN, [auditId]);
  return auditId;
}

/** A pass of nobody's asking, if it is time for one: undefined when it is not, or another instance is at it. */
export function openDuePass(database: Database, intervalMs: number): Promise<string | undefined> {
  return database.transaction(async (tx) => {
    const [lock] = await tx.rows<{ alone: boolean }>(ALONE, []);
    if (lock?.alone !== true) return undefined;
    const [opened] = await tx.rows<{ audit_id: string }>(OPEN_DUE, [newUuid(), intervalMs]);
    return opened?.audit_id;
  });
}

/** Null: it could not be carried out. */
export async function closePass(
  database: Database,
  auditId: string,
  result: AuditResult | null,
  tookMs: number,
): Promise<void> {
  const { underWay, checks } = result ?? { underWay: 0, checks: [] };
  const violationCount = countViolations({ checks });
  const state = result === null ? 'FAILED' : violationCount > 0 ? 'VIOLATED' : 'CLEAN';
  await database.transaction(async (tx) => {
    await Promise.all([
      tx.rows(CLOSE, [auditId, state, tookMs, underWay, violationCount, JSON.stringify(checks)]),
      tx.rows(FORGET, []),
    ]);
  });
}

export async function findPass(database: Reader, auditId: string): Promise<AuditReport | undefined> {
  const [row] = await database.rows<PassRow>(FIND, [auditId]);
  return row && { ...toHead(row), checks: row.checks };
}

/** The newest one that came to its end. */
export async function latestPass(database: Reader): Promise<AuditReport | undefined> {
  const [row] = await database.rows<PassRow>(LATEST, []);
  return row && { ...toHead(row), checks: row.checks };
}

export interface PassPage {
  /** Only passes before this one. */
  readonly beforeNo?: number | undefined;
  readonly limit: number;
}

/** The newest first, each with its number in the order. */
export async function listPasses(
  database: Reader,
  { beforeNo = Number.MAX_SAFE_INTEGER, limit }: PassPage,
): Promise<{ passNo: number; summary: AuditSummary }[]> {
  const rows = await database.rows<HeadRow & { pass_no: number; violation_count: number }>(LIST, [
    beforeNo,
    limit,
  ]);
  return rows.map((row) => ({
    passNo: row.pass_no,
    summary: { ...toHead(row), violationCount: row.violation_count },
  }));
}

function toHead(row: HeadRow): Omit<AuditReport, 'checks'> {
  return {
    auditId: row.audit_id,
    state: row.state,
    startedAt: row.started_at,
    tookMs: row.took_ms,
    underWay: row.under_way,
  };
}
