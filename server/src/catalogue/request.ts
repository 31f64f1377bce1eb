/** What every writing request of the operator carries, and how a repeated one is known. */
import assert from 'node:assert/strict';
import type { OperatorCall } from '#contract/http/operator.ts';
import { type Refusal, refused } from '#contract/problems.ts';

export interface OperatorRequest<Body> {
  /** Derived from route and idempotency key: the same request always names the same row. */
  readonly requestId: string;
  readonly fingerprint: Buffer;
  readonly body: Body;
}

/** With who asks for it, for the operator's log. */
export interface CalledRequest<Body> extends OperatorRequest<Body> {
  readonly call: OperatorCall;
}

export interface Created<Thing> {
  readonly outcome: 'created';
  /** True when this is the answer to an earlier request with the same key. */
  readonly replayed: boolean;
  readonly created: Thing;
}

interface Recalled<Row> {
  readonly outcome: 'recalled';
  readonly row: Row;
}

/** The row that was in the way of this request's; refused when it was made by a request with another body. */
export function recall<Row extends { readonly fingerprint: Buffer }>(
  request: OperatorRequest<unknown>,
  [row]: readonly Row[],
): Recalled<Row> | Refusal {
  assert(row !== undefined, 'a row that was in the way of an insert is there');
  return row.fingerprint.equals(request.fingerprint)
    ? { outcome: 'recalled', row }
    : refused('idempotency.key-reused');
}
