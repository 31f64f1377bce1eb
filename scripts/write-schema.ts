/** `npm run write-schema`: writes server/sql/schema.sql, after a change of the migrations. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../server/src/platform/embedded-postgres/index.ts';
import { migrate } from '../server/src/platform/postgres/migrate.ts';
import { describeSchema } from './docs/describe-schema.ts';
import { ROOT } from './support/run.ts';

const dataDir = await mkdtemp(join(tmpdir(), 'frontrow-schema-'));
try {
  await using postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
  await migrate(postgres.connection);
  await writeFile(join(ROOT, 'server/sql/schema.sql'), await describeSchema(postgres.connection));
  console.log('wrote server/sql/schema.sql');
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
