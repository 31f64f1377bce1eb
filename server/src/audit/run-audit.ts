/**
 * One audit: every check on one snapshot, in one transaction that writes nothing.
 *
 * A transaction that only reads has no id, so the readers of the log do not wait for it, and it locks no row: the sale goes on
 * beside it. What it costs is the work of full scans, and that no version of a row is cleaned up while it lasts.
 */
import assert from 'node:assert/strict';
import type { AuditReport } from '#contract/http/operator.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type Check, UNDER_WAY } from './check.ts';
import { CHECKS } from './checks.ts';

export type CheckResult = AuditReport['checks'][number];

export interface AuditResult {
  /** Reservations that some reader had not come to in the snapshot. */
  readonly underWay: number;
  readonly checks: readonly CheckResult[];
}

export interface AuditOptions {
  readonly database: Pick<Database, 'transaction'>;
  readonly clock: Clock;
  /** How long what waits for the service may wait; infinite where none runs. */
  readonly patienceMs: number;
  readonly checks?: readonly Check[];
  /** Ends it after the check that it is at. */
  readonly signal?: AbortSignal;
}

/** Thirty years: what PostgreSQL can still take away from a time. */
const PATIENCE_MS_MAX = 1e12;

// Must be the first of the transaction.
const SNAPSHOT = statement(`/* audit.snapshot */ set transaction isolation level repeatable read, read only`);

// The sessions of the service are set up for statements that walk a key; these read whole tables, with one core at most.
const SET_UP = statement(`/* audit.set-up */
select set_config('enable_seqscan', 'on', true), set_config('plan_cache_mode', 'force_custom_plan', true),
  set_config('work_mem', '128MB', true), set_config('hash_mem_multiplier', '2', true),
  set_config('random_page_cost', '1.5', true), set_config('max_parallel_workers_per_gather', '0', true), set_config('lock_timeout', '5s', true),
  set_config('idle_in_transaction_session_timeout', '30s', true),
  (select set_config(name, '0', true) from pg_settings where name = 'transaction_timeout')`);

const COUNT_UNDER_WAY = statement(`/* audit.under-way */
with ${UNDER_WAY}
select count(reservation_id) as under_way from under_way`);

interface Row extends Record<string, unknown> {
  readonly counted: number;
  readonly violation_count: number;
  readonly violations: string[];
}

export function runAudit(options: AuditOptions): Promise<AuditResult> {
  const { database, clock, patienceMs, checks = CHECKS, signal } = options;
  return database.transaction(async (tx) => {
    tx.send(SNAPSHOT, []);
    tx.bePatient(limits.audit.checkMsMax);
    tx.send(SET_UP, []);
    const [found] = await tx.rows<{ under_way: number }>(COUNT_UNDER_WAY, []);
    const results: CheckResult[] = [];
    for (const shared of new Set(checks.map((check) => check.statement))) {
      signal?.throwIfAborted();
      const sharing = checks.filter((check) => check.statement === shared);
      results.push(...(await runChecks(tx, clock, sharing, patienceMs)));
    }
    return { underWay: found?.under_way ?? 0, checks: results };
  });
}

/** Checks that share a statement share its time: it is told of the first one. */
async function runChecks(
  tx: Tx,
  clock: Clock,
  checks: readonly Check[],
  patienceMs: number,
): Promise<CheckResult[]> {
  const [first] = checks;
  assert(first !== undefined, 'a statement is of some check');
  const startedMs = clock.monotonicMs();
  const patienceS = Math.min(patienceMs, PATIENCE_MS_MAX) / 1000;
  const rows = await tx.rows<Row>(first.statement, first.takesPatience === true ? [patienceS] : []);
  const tookMs = Math.round(clock.monotonicMs() - startedMs);
  return checks.map(({ name, promise, says }, index) => {
    const row = rows[index];
    assert(row !== undefined, `there is a row for ${name}`);
    const { counted, violation_count: violationCount, violations } = row;
    return { name, promise, says, counted, violationCount, violations, tookMs: index === 0 ? tookMs : 0 };
  });
}

export function countViolations({ checks }: Pick<AuditResult, 'checks'>): number {
  return checks.reduce((sum, check) => sum + check.violationCount, 0);
}
