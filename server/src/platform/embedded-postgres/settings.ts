/** What the server runs with. Given on its command line, so an edited postgresql.conf cannot weaken it. */

/** Units are PostgreSQL's own. */
const serverSettings: Readonly<Record<string, string>> = {
  // Nobody connects over the network; on the socket only the server's own user (and root).
  listen_addresses: '',
  unix_socket_permissions: '0700',
  cluster_name: 'frontrow',
  max_connections: '200',

  // An answer that was given is on disk, whatever fails next.
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  data_sync_retry: 'off',

  shared_buffers: '256MB',
  wal_compression: 'on',
  // Checkpoints by time, not by volume: each one makes every page be written to the log in full once more.
  max_wal_size: '4GB',
  checkpoint_timeout: '10min',
  // Statements are small and repeated: compiling one costs more than running it.
  jit: 'off',

  // Seats and wallets change in place many times a second. Vacuum comes early and is not slowed down,
  // or dead rows spread the hot ones over more pages.
  autovacuum_naptime: '5s',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_vacuum_threshold: '500',
  autovacuum_analyze_scale_factor: '0.05',
  autovacuum_vacuum_cost_delay: '0',

  deadlock_timeout: '200ms',
  log_lock_waits: 'on',
  log_line_prefix: '%m [%p] %q%a ',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** The settings as arguments of `postgres`. */
export function settingArguments(overrides: Readonly<Record<string, string>>): string[] {
  return Object.entries({ ...serverSettings, ...overrides }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
}
