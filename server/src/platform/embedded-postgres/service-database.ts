/** The user and the database of the service, made on the first start. */
import { escapeIdentifier, escapeLiteral, type Client } from 'pg';

export const SERVICE_USER = 'frontrow';
export const SERVICE_DATABASE = 'frontrow';

/**
 * No superuser, so that the service runs here with the rights it would have elsewhere, and an injected statement
 * cannot run programs. It may make databases (tests and the bench do) and read every setting and statistic.
 */
export async function prepareDatabase(client: Client, password: string): Promise<void> {
  const { rows } = await client.query<{ has_user: boolean; has_database: boolean }>(
    `/* embedded.look */
     select exists (select from pg_roles where rolname = $1) as has_user,
            exists (select from pg_database where datname = $2) as has_database`,
    [SERVICE_USER, SERVICE_DATABASE],
  );
  const user = escapeIdentifier(SERVICE_USER);
  if (rows[0]?.has_user !== true) {
    // As one message it is one transaction; and a failure must not write the password into the server's log.
    await client.query(`set local log_min_error_statement = panic;
      create role ${user} login createdb password ${escapeLiteral(password)};
      grant pg_monitor, pg_checkpoint to ${user}`);
  }
  if (rows[0]?.has_database !== true) {
    await client.query(`create database ${escapeIdentifier(SERVICE_DATABASE)} owner ${user}`);
  }
}
