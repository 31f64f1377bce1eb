/** What every table holds, as a count and a checksum: whoever changed nothing changed none of them. */
import type { Database } from '../../src/platform/postgres/database.ts';

/** What an idle service writes by itself. */
const RESTLESS: Readonly<Record<string, readonly string[]>> = {
  'messaging.cursor': ['moved_at', 'xid', 'id'],
  'waiting_room.room': ['allowance', 'refilled_at'],
};

const TABLES = `/* test.tables */
select n.nspname || '.' || c.relname as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname not in ('pg_catalog', 'information_schema')
order by 1`;

export async function tableFingerprints(database: Database): Promise<Record<string, string>> {
  const tables = await database.rows<{ name: string }>({ name: 'test.tables', text: TABLES }, []);
  const prints = await Promise.all(
    tables.map(async ({ name }): Promise<[string, string]> => {
      const row = `to_jsonb(t) - $1::text[]`;
      const text = `/* test.print */
        select count(*) || ' rows, ' || coalesce(md5(string_agg(row, ',' order by row)), '') as print
        from (select md5((${row})::text) as row from ${name} t) as rows`;
      const [found] = await database.rows<{ print: string }>({ name: `test.print-${name}`, text }, [
        RESTLESS[name] ?? [],
      ]);
      return [name, found?.print ?? ''];
    }),
  );
  return Object.fromEntries(prints);
}
