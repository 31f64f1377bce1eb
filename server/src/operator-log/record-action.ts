import type { ActionNote } from '#contract/http/operator.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

const INSERT = statement(`/* operator-log.record */
insert into operator_log.entry (action, subject, before, after, request_id, address)
values ($1, $2, $3, $4, $5, $6)`);

/**
 * Writes down what an operator did, in the transaction that does it: there is an entry if and only if it was done.
 * What a note says is read by people later, so it never holds a token or a key.
 */
export function recordAction(tx: Tx, { action, subject, before, after, call }: ActionNote): void {
  tx.send(INSERT, [action, subject, asJson(before), asJson(after), call.requestId, call.address]);
}

function asJson(value: object | null): string | null {
  return value && JSON.stringify(value);
}
