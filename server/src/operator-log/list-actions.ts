/** The operator's log, the newest entry first. */
import type { OperatorLogEntry } from '#contract/http/operator.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

export interface ActionPage {
  /** Only what was done to this one. */
  readonly subject?: string | undefined;
  /** Only entries before this one. */
  readonly beforeId?: number | undefined;
  readonly limit: number;
}

const FIELDS = `entry_id, at, action, subject, before, after, request_id, address`;

const LIST = statement(`/* operator-log.list */
select ${FIELDS} from operator_log.entry
where entry_id < $1::bigint
order by entry_id desc
limit $2`);

// On its own: with "or $3 is null" the plan that is kept for both would read the whole log.
const LIST_OF_SUBJECT = statement(`/* operator-log.list-of-subject */
select ${FIELDS} from operator_log.entry
where subject = $3 and entry_id < $1::bigint
order by entry_id desc
limit $2`);

interface EntryRow {
  readonly entry_id: number;
  readonly at: string;
  readonly action: OperatorLogEntry['action'];
  readonly subject: string;
  readonly before: OperatorLogEntry['before'];
  readonly after: OperatorLogEntry['after'];
  readonly request_id: string;
  readonly address: string;
}

export async function listActions(reader: Reader, page: ActionPage): Promise<OperatorLogEntry[]> {
  const { subject, beforeId = Number.MAX_SAFE_INTEGER, limit } = page;
  const rows =
    subject === undefined
      ? await reader.rows<EntryRow & Record<string, unknown>>(LIST, [beforeId, limit])
      : await reader.rows<EntryRow & Record<string, unknown>>(LIST_OF_SUBJECT, [beforeId, limit, subject]);
  return rows.map((row) => ({
    entryId: row.entry_id,
    at: row.at,
    action: row.action,
    subject: row.subject,
    before: row.before,
    after: row.after,
    requestId: row.request_id,
    address: row.address,
  }));
}
