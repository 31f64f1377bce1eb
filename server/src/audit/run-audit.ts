/**
 * One audit: check after check, each on a snapshot of its own, in a transaction that writes nothing.
 *
 * A transaction that only reads has no id, so the readers of the log do not wait for it, and it locks no row: the sale goes on
 * beside it. What it costs is the work of full scans, and that no version of a row is cleaned up while a check lasts: after
 * 20,000 changes of a room under one snapshot each further one takes 2.4 ms. So no check shares its snapshot with another.
 */
import assert from 'node:assert/strict';
import type { AuditReport } from '#contract/http/operator.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type Check, UNDER_WAY } from './check.ts';
import { CHECKS } from './checks.ts';
import { expectStillKept, keepTables, whileKept } from './keeper.ts';

export type CheckResult = AuditReport['checks'][number];

export interface AuditResult {
  /** Reservations that some reader had not come to when it began. */
  readonly underWay: number;
  readonly checks: readonly CheckResult[];
}

export interface AuditOptions {
  readonly database: Pick<Database, 'transaction'>;
  readonly clock: Clock;
  /** How long what waits for the service may wait; infinite where none runs. */
  readonly patienceMs: number;
  /** What has waited for too long is looked at a second time after so long; 0: the first look counts. */
  readonly secondLookMs?: number;
  /** All checks together. Those that it does not come to are named; infinite unless given. */
  readonly passMsMax?: number;
  readonly checks?: readonly Check[];
  /** Ends it at once: the check that it is at is given up. */
  readonly signal?: AbortSignal;
}

/** Thirty years: what PostgreSQL can still take away from a time. */
const PATIENCE_MS_MAX = 1e12;

// Must be the first of the transaction.
const SNAPSHOT = statement(`/* audit.snapshot */ set transaction isolation level repeatable read, read only`);

// The sessions of the service are set up for statements that walk a key; these read whole tables, with one core at most. A
// statement has a dozen sorts and hashes, each of which may take the memory. What goes to disk instead has a bound where the
// role may set one. Of what a statement works out itself the planner knows nothing, and takes it for few rows: without merge
// joins that does no harm (with them every place was compared with every change of its room).
const SET_UP = statement(`/* audit.set-up */
select pg_backend_pid() as pid, set_config('application_name', 'frontrow audit', true),
  set_config('enable_seqscan', 'on', true), set_config('plan_cache_mode', 'force_custom_plan', true),
  set_config('work_mem', '32MB', true), set_config('hash_mem_multiplier', '1', true),
  set_config('random_page_cost', '1.5', true), set_config('enable_mergejoin', 'off', true), set_config('max_parallel_workers_per_gather', '0', true), set_config('lock_timeout', '5s', true),
  set_config('idle_in_transaction_session_timeout', '30s', true),
  (select set_config(name, '0', true) from pg_settings where name = 'transaction_timeout'),
  (select set_config(name, '8GB', true) from pg_settings
    where name = 'temp_file_limit' and setting = '-1' and has_parameter_privilege(name, 'set'))`);

// Only while it is at a check: a moment later the connection may be somebody else's.
const CANCEL = statement(`/* audit.cancel */
select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and application_name = 'frontrow audit'`);

const COUNT_UNDER_WAY = statement(`/* audit.under-way */
with ${UNDER_WAY}
select count(reservation_id) as under_way from under_way`);

interface Row extends Record<string, unknown> {
  readonly counted: number;
  readonly violation_count: number;
  readonly violations: string[];
}

export function runAudit(options: AuditOptions): Promise<AuditResult> {
  return whileKept(options.database, async (keeper) => {
    await keepTables(keeper);
    return auditBeside(keeper, options);
  });
}

/** For whoever keeps something more than the tables for the time of the audit. */
export async function auditBeside(keeper: Tx, options: AuditOptions): Promise<AuditResult> {
  const { clock, checks = CHECKS, passMsMax = Number.POSITIVE_INFINITY, secondLookMs = 0, signal } = options;
  const endMs = clock.monotonicMs() + passMsMax;
  const look = async (sharing: readonly Check[]) => {
    signal?.throwIfAborted();
    const results = await runChecks(keeper, options, sharing, endMs - clock.monotonicMs());
    await expectStillKept(keeper);
    return results;
  };
  const underWay = await countUnderWay(keeper, options);
  const results: CheckResult[] = [];
  for (const shared of new Set(checks.map((check) => check.statement))) {
    results.push(...(await look(checks.filter((check) => check.statement === shared))));
  }
  const waiting = checks.filter(
    ({ takesPatience }, index) => takesPatience === true && (results[index]?.violationCount ?? 0) > 0,
  );
  if (waiting.length > 0 && secondLookMs > 0) await clock.sleep(secondLookMs, signal);
  for (const check of secondLookMs > 0 ? waiting : []) {
    const [again] = await look([check]);
    // A second look that cannot be had takes nothing back.
    if (again?.failure === undefined && again !== undefined) results[checks.indexOf(check)] = again;
  }
  return { underWay, checks: results };
}

async function countUnderWay(keeper: Tx, options: AuditOptions): Promise<number> {
  const [row] = await inSnapshot<{ under_way: number }>(keeper, options, {
    statement: COUNT_UNDER_WAY,
    values: [],
    msMax: limits.audit.checkMsMax,
  });
  return row?.under_way ?? 0;
}

/**
 * Checks that share a statement share its time in equal parts. One that cannot be carried out says so, and the others go on.
 */
async function runChecks(
  keeper: Tx,
  options: AuditOptions,
  checks: readonly Check[],
  leftMs: number,
): Promise<CheckResult[]> {
  const { clock, patienceMs, signal } = options;
  const [first] = checks;
  assert(first !== undefined, 'a statement is of some check');
  if (leftMs <= 0) return checks.map((check) => failed(check, 'the time of the pass was over before it', 0));
  const startedMs = clock.monotonicMs();
  const sinceMs = () => Math.round(clock.monotonicMs() - startedMs);
  const patienceS = Math.min(patienceMs, PATIENCE_MS_MAX) / 1000;
  let rows: Row[];
  try {
    rows = await inSnapshot<Row>(keeper, options, {
      statement: first.statement,
      values: first.takesPatience === true ? [patienceS] : [],
      msMax: Math.min(limits.audit.checkMsMax, Math.ceil(leftMs)),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return checks.map((check) => failed(check, error.message, Math.round(sinceMs() / checks.length)));
  }
  const tookMs = Math.round(sinceMs() / checks.length);
  return checks.map(({ name, promise, says }, index) => {
    const row = rows[index];
    assert(row !== undefined, `there is a row for ${name}`);
    const { counted, violation_count: violationCount, violations } = row;
    return { name, promise, says, counted, violationCount, violations, tookMs };
  });
}

function failed({ name, promise, says }: Check, failure: string, tookMs: number): CheckResult {
  return { name, promise, says, counted: 0, violationCount: 0, violations: [], tookMs, failure };
}

interface Asked {
  readonly statement: Check['statement'];
  readonly values: readonly unknown[];
  readonly msMax: number;
}

/** The keeper's connection is free meanwhile: from there the statement is ended when the signal fires. */
function inSnapshot<R extends Record<string, unknown>>(
  keeper: Tx,
  { database, signal }: AuditOptions,
  asked: Asked,
): Promise<R[]> {
  return database.transaction(async (tx) => {
    tx.send(SNAPSHOT, []);
    tx.bePatient(asked.msMax);
    const [session] = await tx.rows<{ pid: number }>(SET_UP, []);
    signal?.throwIfAborted();
    const cancel = () => keeper.send(CANCEL, [session?.pid]);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await tx.rows<R>(asked.statement, asked.values);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  });
}

export function countViolations({ checks }: Pick<AuditResult, 'checks'>): number {
  return checks.reduce((sum, check) => sum + check.violationCount, 0);
}

/** Those that could not be carried out. */
export function failuresOf({ checks }: Pick<AuditResult, 'checks'>): { name: string; failure: string }[] {
  return checks.flatMap(({ name, failure }) => (failure === undefined ? [] : [{ name, failure }]));
}
