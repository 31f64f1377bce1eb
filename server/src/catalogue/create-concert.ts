import type { ConcertBody, ConcertEntry } from '#contract/http/catalogue.ts';
import type { Refusal } from '#contract/problems.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type Created, type OperatorRequest, recall } from './request.ts';

// Waits for a request with the same id that is under way, and does nothing if that one commits.
const INSERT = statement(`/* catalogue.insert-concert */
insert into catalogue.concert (title, description, genre, request_id, fingerprint)
values ($1, $2, $3, $4, $5)
on conflict (request_id) do nothing
returning concert_id, created_at`);

const RECALL = statement(`/* catalogue.recall-concert */
select concert_id, created_at, fingerprint from catalogue.concert where request_id = $1`);

interface ConcertRow {
  readonly concert_id: number;
  readonly created_at: string;
}

/** Announces a concert. People find it in the list as soon as it has a performance. */
export async function createConcert(
  tx: Tx,
  request: OperatorRequest<ConcertBody>,
): Promise<Created<ConcertEntry> | Refusal> {
  const { requestId, fingerprint, body } = request;
  const values = [body.title, body.description, body.genre, requestId, fingerprint];
  const [inserted] = await tx.rows<ConcertRow>(INSERT, values);
  if (inserted !== undefined) return answer(body, inserted, false);
  const before = recall(request, await tx.rows<ConcertRow & { fingerprint: Buffer }>(RECALL, [requestId]));
  return before.outcome === 'refused' ? before : answer(body, before.row, true);
}

function answer(body: ConcertBody, row: ConcertRow, replayed: boolean): Created<ConcertEntry> {
  return {
    outcome: 'created',
    replayed,
    created: { concertId: row.concert_id, ...body, createdAt: row.created_at },
  };
}
