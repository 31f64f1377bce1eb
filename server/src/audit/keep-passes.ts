/** The passes of all instances, in one table. */
import assert from 'node:assert/strict';
import type { AuditReport, AuditSummary } from '#contract/http/operator.ts';
import { limits } from '../limits.ts';
import { newUuid } from '../platform/identifiers.ts';
import type { Database, Reader, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { AuditResult } from './run-audit.ts';
import { countViolations, failuresOf } from './run-audit.ts';

const { beginMsMax, pauseFactor, keptMax } = limits.audit;

/** Each pass has a lock of its own, from a moment after its row is written until it has ended. */
const KEY = `hashtext('frontrow.audit-pass')`;
const KEY_NO = `(pass_no % 2147483647)::int`;
const IS_HELD = `exists (
    select from pg_locks
    where locktype = 'advisory' and objsubid = 2 and granted and objid::bigint = ${KEY_NO}
      and classid::bigint = ${KEY}::bigint & 4294967295
      and database = (select oid from pg_database where datname = current_database())
  )`;

// Whose lock nobody holds was left behind by an instance that ended.
const HEAD = `audit_id, case
    when state = 'RUNNING' and started_at < clock_timestamp() - ${beginMsMax} * interval '1 millisecond' and not ${IS_HELD} then 'FAILED'
    else state
  end as state, started_at, took_ms, under_way`;

const OPEN = statement(
  `/* audit.open-pass */ insert into audit.pass (audit_id) values ($1) returning audit_id, pass_no`,
);

// Whoever has it runs a pass, and nobody else does.
const TAKE_TURN = statement(`/* audit.take-turn */
select pg_try_advisory_xact_lock(hashtext('frontrow.audit')) as taken`);

const HOLD = statement(`/* audit.hold-pass */
select pg_advisory_xact_lock(${KEY}, ${KEY_NO}) from (values ($1::bigint)) as held (pass_no)`);

// For whoever has the turn: what is RUNNING here waits for it, or was left behind. What was left behind counts as begun, so that
// a pass that takes its instance with it does not take one after the other.
const OPEN_DUE = statement(`/* audit.open-due-pass */
insert into audit.pass (audit_id)
select $1
where not exists (
  select from audit.pass
  where started_at > clock_timestamp()
    - (coalesce(took_ms, 0) + greatest($2::float8, ${pauseFactor} * coalesce(took_ms, 0))) * interval '1 millisecond'
)
returning audit_id, pass_no`);

const BEGIN = statement(`/* audit.begin-pass */
update audit.pass set started_at = clock_timestamp() where pass_no = $1`);

const CLOSE = statement(`/* audit.close-pass */
update audit.pass
set state = $2, took_ms = $3, under_way = $4, violation_count = $5, checks = $6
where pass_no = $1 and state = 'RUNNING'`);

// Clean ones come every minute; what was found is worth more, and is kept by a count of its own.
const FORGET = statement(`/* audit.forget-passes */
delete from audit.pass where pass_no in (
  select pass_no from (
    select pass_no, row_number() over (partition by violation_count > 0 order by pass_no desc) as place from audit.pass
  ) as p
  where place > ${keptMax}
)`);

const FIND = statement(`/* audit.find-pass */ select ${HEAD}, checks from audit.pass where audit_id = $1`);

const LATEST = statement(`/* audit.latest-pass */
select ${HEAD}, checks from audit.pass
where state in ('CLEAN', 'VIOLATED') or violation_count > 0
order by pass_no desc
limit 1`);

const COUNT_FAILED = statement(`/* audit.count-failed-passes */
select count(*) as failed
from (select ${HEAD} from audit.pass
  where pass_no > coalesce((select max(pass_no) from audit.pass where state in ('CLEAN', 'VIOLATED')), 0)) as p
where state = 'FAILED'`);

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

export interface OpenPass {
  readonly auditId: string;
  readonly passNo: number;
}
interface OpenRow extends Record<string, unknown> {
  readonly audit_id: string;
  readonly pass_no: number;
}
const toOpenPass = (row: OpenRow): OpenPass => ({ auditId: row.audit_id, passNo: row.pass_no });

/** A pass that somebody asks for; it runs as soon as it has the turn. */
export async function openPass(database: Reader): Promise<OpenPass> {
  const [row] = await database.rows<OpenRow>(OPEN, [newUuid()]);
  assert(row !== undefined, 'what was inserted is returned');
  return toOpenPass(row);
}

/** A pass of nobody's asking, if it is time for one. For whoever has the turn. */
export async function openDuePass(database: Reader, intervalMs: number): Promise<OpenPass | undefined> {
  const [row] = await database.rows<OpenRow>(OPEN_DUE, [newUuid(), intervalMs]);
  return row && toOpenPass(row);
}

/** False: another pass runs, on whatever instance. It is the keeper's until its end. */
export async function takeTurn(keeper: Tx): Promise<boolean> {
  const [lock] = await keeper.rows<{ taken: boolean }>(TAKE_TURN, []);
  return lock?.taken === true;
}

/** For as long as the keeper lives, so does the pass. */
export async function holdPass(keeper: Tx, { passNo }: OpenPass): Promise<void> {
  await keeper.rows(HOLD, [passNo]);
}

/** What it waited before is not its time. */
export async function beginPass(database: Reader, { passNo }: OpenPass): Promise<void> {
  await database.rows(BEGIN, [passNo]);
}

/** Null: it could not be carried out. One that has ended stays as it is. */
export async function closePass(
  database: Database,
  { passNo }: OpenPass,
  result: AuditResult | null,
  tookMs: number,
): Promise<void> {
  const { underWay, checks } = result ?? { underWay: 0, checks: [] };
  const violationCount = countViolations({ checks });
  const isWhole = result !== null && failuresOf(result).length === 0;
  const state = !isWhole ? 'FAILED' : violationCount > 0 ? 'VIOLATED' : 'CLEAN';
  await database.transaction(async (tx) => {
    await Promise.all([
      tx.rows(CLOSE, [passNo, state, tookMs, underWay, violationCount, JSON.stringify(checks)]),
      tx.rows(FORGET, []),
    ]);
  });
}

export async function findPass(database: Reader, auditId: string): Promise<AuditReport | undefined> {
  const [row] = await database.rows<PassRow>(FIND, [auditId]);
  return row && { ...toHead(row), checks: row.checks };
}

/** The newest one that came to its end, or found something before it failed. */
export async function latestPass(database: Reader): Promise<AuditReport | undefined> {
  const [row] = await database.rows<PassRow>(LATEST, []);
  return row && { ...toHead(row), checks: row.checks };
}

/** How many have failed since one came to its end. */
export async function countFailedPasses(database: Reader): Promise<number> {
  const [row] = await database.rows<{ failed: number }>(COUNT_FAILED, []);
  return row?.failed ?? 0;
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
