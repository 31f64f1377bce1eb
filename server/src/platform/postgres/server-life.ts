/**
 * Notices that the database has begun another life: a restart, a failover, an older copy behind the same address. What
 * is remembered of the last life may be of commits that are lost, and nothing would ever say so.
 *
 * Each new connection first asks since when its server runs, ahead of the first statement and without a round trip of
 * its own. Any life begins with a start of the server, to the microsecond: the number of the timeline and the name of
 * the system would tell no more apart, and not every hosted server shows them. A pooler that swaps servers under a
 * connection is not noticed here.
 */
import assert from 'node:assert/strict';
import { Client, type Pool } from 'pg';
import { statement } from './statement.ts';

const LIFE = statement(`/* platform.server-life */
select extract(epoch from pg_postmaster_start_time())::text as life`);

/**
 * Tells before any answer of the new life is given to anybody, and never twice of one life; the first one is no news.
 * Connections of the life before are cut off: what was under way on them has an unknown outcome.
 */
export function watchServerLife(pool: Pool, onNewLife: () => void): void {
  const lives = new Map<Client, string>();
  let known: string | undefined;

  function learn(client: Client, life: string): void {
    lives.set(client, life);
    const isNew = known !== undefined && known !== life;
    known = life;
    if (!isNew) return;
    for (const [other, itsLife] of lives) if (itsLife !== life) cutOff(other);
    onNewLife();
  }

  pool.on('connect', (client) => {
    assert(client instanceof Client);
    // By a callback: it runs before the next answer is looked at, which a promise's would not.
    client.query<{ life: string }>({ ...LIFE }, (error: Error | null, result) => {
      const life = error === null ? result.rows[0]?.life : undefined;
      if (life === undefined) cutOff(client);
      else learn(client, life);
    });
  });
  pool.on('remove', (client) => lives.delete(client as Client));
}

function cutOff(client: Client): void {
  client.connection.stream.destroy();
}
