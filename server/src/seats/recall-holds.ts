/** What an earlier request with the same key was answered. */
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type HoldOutcome, type HoldRequest, type HoldRow, repeated } from './seat.ts';

const RECALL = statement(`/* seats.recall */
select reservation_id, performance_id, seat_nos, amount_krw, expires_at, fingerprint
from seats.hold
where reservation_id = any($1::uuid[])`);

/** The holds that these requests, or earlier ones with the same key, were granted. */
export function recallHolds(reader: Reader, requests: readonly HoldRequest[]): Promise<HoldRow[]> {
  return reader.rows<HoldRow>(RECALL, [requests.map((request) => request.reservationId)]);
}

/** The answer of the earlier request, or that its body was another one; undefined when nothing was granted. */
export async function recallHold(reader: Reader, request: HoldRequest): Promise<HoldOutcome | undefined> {
  const [before] = await recallHolds(reader, [request]);
  return before && repeated(request, before);
}
