/** The PostgreSQL that comes with the service: a real server on its own folder, reachable by nobody else. */
export { findEmbeddedPostgres, hasEmbeddedData } from './find-running.ts';
export { startEmbeddedPostgres } from './start.ts';
export type { EmbeddedPostgres, EmbeddedPostgresOptions } from './start.ts';
