/** Changes what is said of a concert. Whoever remembers it learns from the log that it is different. */
import assert from 'node:assert/strict';
import type { ConcertBody, ConcertChange, ConcertEntry } from '#contract/http/catalogue.ts';
import { type Refusal, refused } from '#contract/problems.ts';
import type { Messaging } from '../messaging/index.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

// Not in the way of a performance that is being scheduled: its foreign key is content with the key.
const LOCK = statement(`/* catalogue.lock-concert */
select concert_id, title, description, genre, created_at from catalogue.concert
where concert_id = $1
for no key update`);

const CHANGE = statement(`/* catalogue.change-concert */
update catalogue.concert set title = $2, description = $3, genre = $4
where concert_id = $1
returning concert_id`);

interface ConcertRow extends ConcertBody {
  readonly concert_id: number;
  readonly created_at: string;
}

export interface Changed {
  readonly outcome: 'changed';
  readonly concert: ConcertEntry;
  /** Of what is different now; empty when everything was so already. */
  readonly before: ConcertChange;
  readonly after: ConcertChange;
}

export async function changeConcert(
  tx: Tx,
  messaging: Pick<Messaging, 'append'>,
  concertId: number,
  change: ConcertChange,
): Promise<Changed | Refusal> {
  const [row] = await tx.rows<ConcertRow & Record<string, unknown>>(LOCK, [concertId]);
  if (row === undefined) return refused('concert.not-found');
  const { title, description, genre, created_at: createdAt } = row;
  const found: ConcertBody = { title, description, genre };
  const wanted: ConcertBody = { ...found, ...change };
  const fields = (['title', 'description', 'genre'] as const).filter((name) => found[name] !== wanted[name]);
  if (fields.length > 0) {
    const changed = await tx.rows(CHANGE, [concertId, wanted.title, wanted.description, wanted.genre]);
    assert(changed.length === 1, 'a row that is locked is there');
    messaging.append(tx, [{ name: 'ConcertChanged', concertId }]);
  }
  return {
    outcome: 'changed',
    concert: { concertId, ...wanted, createdAt },
    before: pick(found, fields),
    after: pick(wanted, fields),
  };
}

function pick(body: ConcertBody, fields: readonly (keyof ConcertBody)[]): ConcertChange {
  return Object.fromEntries(fields.map((name) => [name, body[name]]));
}
