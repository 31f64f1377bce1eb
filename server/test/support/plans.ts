/** How PostgreSQL would run the statements that were collected, in sessions and with plans as the service has them. */
import { Client } from 'pg';
import type { Database, Tx } from '../../src/platform/postgres/database.ts';
import { checkServer, sessionSettings } from '../../src/platform/postgres/requirements.ts';
import type { Statement } from '../../src/platform/postgres/statement.ts';
import type { TestDatabase } from './database.ts';

export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** The same database; every statement that runs on it is noted. */
export function collecting(database: Database, statements: Map<string, Statement>): Database {
  const note = (statement: Statement) => statements.set(statement.name, statement);
  const collectingTx = (tx: Tx): Tx => ({
    ...tx,
    rows: (statement, values) => {
      note(statement);
      return tx.rows(statement, values);
    },
    count: (statement, values) => {
      note(statement);
      return tx.count(statement, values);
    },
    send: (statement, values, told) => {
      note(statement);
      tx.send(statement, values, told);
    },
  });
  return {
    ...database,
    rows: (statement, values) => {
      note(statement);
      return database.rows(statement, values);
    },
    transaction: (work) => database.transaction((tx) => work(collectingTx(tx))),
  };
}

/** A session as the service has them, with the statements prepared as the service does. */
export async function openSession(db: TestDatabase, statements: readonly Statement[]): Promise<Client> {
  const settings = sessionSettings(await checkServer(db.connection));
  const options = Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
    .join(' ');
  const client = new Client({ ...db.connection, options });
  await client.connect();
  for (const { name, text } of statements) await client.query(`prepare "${name}" as ${text}`);
  return client;
}

export async function planOf(session: Client, { name, text }: Statement): Promise<PlanNode[]> {
  const count = Math.max(0, ...Array.from(text.matchAll(/\$(\d+)/g), ([, n]) => Number(n)));
  const nulls = Array.from({ length: count }, () => 'null').join(', ');
  const values = count === 0 ? '' : `(${nulls})`;
  const { rows } = await session.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `explain (format json) execute "${name}" ${values}`,
  );
  return (rows[0]?.['QUERY PLAN'] ?? []).map((root) => root.Plan);
}

/** All nodes of a plan that reach rows of a table. */
export function scansOf(node: PlanNode, table: string): PlanNode[] {
  const below = (node.Plans ?? []).flatMap((each) => scansOf(each, table));
  // What a ModifyTable changes, and what a bitmap's heap scan reads, was found by a node below it.
  const isDirect = ['ModifyTable', 'Bitmap Heap Scan'].includes(node['Node Type']);
  const isScan = node['Relation Name'] === table || node['Index Name']?.startsWith(`${table}_`) === true;
  return isScan && !isDirect ? [node, ...below] : below;
}
