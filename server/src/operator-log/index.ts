/** The operator's log: what was done at the operator's desk, when, and by which request. */
import type { ActionNote, OperatorLogEntry } from '#contract/http/operator.ts';
import type { Reader, Tx } from '../platform/postgres/database.ts';
import { type ActionPage, listActions } from './list-actions.ts';
import { recordAction } from './record-action.ts';

export interface OperatorLog {
  /** In the transaction of the action: there is an entry if and only if it was done. */
  record(this: void, tx: Tx, note: ActionNote): void;
  /** The newest first. */
  list(page: ActionPage): Promise<OperatorLogEntry[]>;
}

export function createOperatorLog({ database }: { readonly database: Reader }): OperatorLog {
  return { record: recordAction, list: (page) => listActions(database, page) };
}
