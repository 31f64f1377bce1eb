/**
 * The two ways of the original write-ups to change one row, in their strongest form here: prepared statements in pipeline
 * mode, two round trips each, and sessions as the service has them. What they share is the write, one statement that names
 * the version it was decided on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type ClientConfig, Pool, type PoolClient, type QueryResultRow } from 'pg';
import { DatabaseFault, isWorthRepeating } from '../../../server/src/platform/postgres/faults.ts';
import { checkServer, sessionSettings } from '../../../server/src/platform/postgres/requirements.ts';
import { sendTogether } from '../../../server/src/platform/postgres/send-together.ts';
import type { Statement } from '../../../server/src/platform/postgres/statement.ts';
import { typeParsers } from '../../../server/src/platform/postgres/types.ts';
import type { Attempted, Contest } from './round.ts';

/** Their names. Two do not know of a bound: a seat is taken at the second look, a movement is done at some time. */
export const PESSIMISTIC = 'pessimistic: FOR UPDATE';
export const OPTIMISTIC = 'optimistic, no retry';
export const THREE_TRIES = 'optimistic, three tries';
export const RETRIED = 'optimistic, retried';
export const RETRIED_UNTIL_DONE = 'optimistic, retried until done';

/** What is done to the row, the same for both. */
export interface Change<Work, Row extends QueryResultRow> {
  /** Reads the row by its key. */
  readonly read: Statement;
  /** The same, and keeps it until the end of the transaction. */
  readonly lock: Statement;
  readonly keyOf: (work: Work) => readonly unknown[];
  /** Undefined: what was read does not allow it. */
  readonly write: (work: Work, row: Row) => { statement: Statement; values: readonly unknown[] } | undefined;
}

/** What is needed of a stage. */
interface Server {
  readonly postgres: { readonly connection: ClientConfig };
}

export interface Way<Work> {
  readonly name: string;
  readonly open: (stage: Server, database: string, connections: number) => Promise<Contest<Work>>;
}

/** At random: those who have just collided would collide again. */
export const PAUSE_MS_MAX = 8;
/** How often one may wait for a row in vain: as often as a set of ours. */
const WAITS_IN_VAIN_MAX = 5;

interface Written {
  readonly isWritten: boolean;
  readonly isAllowed: boolean;
}

/** Lock, look, write, commit: the row is locked from the reading on. */
export function pessimistic<Work, Row extends QueryResultRow>(
  name: string,
  change: Change<Work, Row>,
): Way<Work> {
  return way(name, (client, work) => lockAndWrite(client, work, change), 1);
}

/** Look, then write if the version is still the one that was read; up to so many tries. */
export function optimistic<Work, Row extends QueryResultRow>(
  name: string,
  change: Change<Work, Row>,
  triesMax: number,
): Way<Work> {
  return way(name, (client, work) => lookAndWrite(client, work, change), triesMax);
}

async function lockAndWrite<Work, Row extends QueryResultRow>(
  client: PoolClient,
  work: Work,
  change: Change<Work, Row>,
): Promise<Written> {
  sendTogether(client);
  const [, found] = await Promise.all([
    client.query('begin'),
    client.query<Row>({ ...change.lock, values: [...change.keyOf(work)] }),
  ]).catch(async (error: unknown) => {
    await client.query('rollback');
    throw error;
  });
  const write = writeOf(work, found.rows[0], change);
  if (write === undefined) {
    await client.query('rollback');
    return { isWritten: false, isAllowed: false };
  }
  sendTogether(client);
  const [written] = await Promise.all([client.query(write), client.query('commit')]);
  if (written.rowCount !== 1) throw new Error('a row that is locked has the version that was read');
  return { isWritten: true, isAllowed: true };
}

async function lookAndWrite<Work, Row extends QueryResultRow>(
  client: PoolClient,
  work: Work,
  change: Change<Work, Row>,
): Promise<Written> {
  const found = await client.query<Row>({ ...change.read, values: [...change.keyOf(work)] });
  const write = writeOf(work, found.rows[0], change);
  if (write === undefined) return { isWritten: false, isAllowed: false };
  const { rowCount } = await client.query(write);
  return { isWritten: rowCount === 1, isAllowed: true };
}

function writeOf<Work, Row extends QueryResultRow>(
  work: Work,
  row: Row | undefined,
  change: Change<Work, Row>,
) {
  const write = row && change.write(work, row);
  return write && { ...write.statement, values: [...write.values] };
}

function way<Work>(
  name: string,
  once: (client: PoolClient, work: Work) => Promise<Written>,
  triesMax: number,
): Way<Work> {
  return {
    name,
    open: async (stage, database, connections) => {
      const pool = await openPool(stage, database, connections);
      let commits = 0;
      return {
        attempt: async (work) => {
          // Kept for all tries: so only as many collide as there are connections, and not all hundred.
          const client = await pool.connect();
          try {
            const attempted = await repeated(() => once(client, work), triesMax);
            if (attempted.ending === 'done') commits += 1;
            return attempted;
          } finally {
            client.release();
          }
        },
        get commits() {
          return commits;
        },
        reruns: 0,
        [Symbol.asyncDispose]: () => pool.end(),
      };
    },
  };
}

/** Who waited for the row in vain has lost no decision, and asks again whatever the bound: a try more, as a set of ours would. */
async function repeated(once: () => Promise<Written>, triesMax: number): Promise<Attempted> {
  let inVain = 0;
  for (let tries = 1; ; tries++) {
    const written = await once().catch(unlessInVain);
    if (written === undefined) {
      inVain += 1;
      if (inVain > WAITS_IN_VAIN_MAX) throw new Error('a row was not to be had');
    } else {
      const { isWritten, isAllowed } = written;
      if (isWritten || !isAllowed) return { ending: isWritten ? 'done' : 'refused', tries };
      if (tries - inVain === triesMax) return { ending: 'gave-up', tries };
    }
    await pause(Math.random() * PAUSE_MS_MAX);
  }
}

/** Undefined when the session's lock_timeout ran out. */
function unlessInVain(error: unknown): undefined {
  if (!isWorthRepeating(DatabaseFault.from('study', error), false)) throw error;
}

/** With all its connections open: a round is not about making them. */
async function openPool(stage: Server, database: string, connections: number): Promise<Pool> {
  const connection = { ...stage.postgres.connection, database };
  const settings = sessionSettings(await checkServer(connection));
  const pool = new Pool({
    ...connection,
    max: connections,
    pipeline: true,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', String.raw`\ `)}`)
      .join(' '),
    types: typeParsers,
  });
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
  for (const client of clients) client.release();
  return pool;
}
