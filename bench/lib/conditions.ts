/** What parts have in common, as their pages say it. */
import type { Run } from './part.ts';

export const DURABLE =
  'fsync, synchronous_commit and full_page_writes on; fresh tables for every run; committed rows counted; ours audited after every run';
export const BY_NODE =
  'the load generator (Node, a process of its own), the service and PostgreSQL share the cores';
export const BY_WRK = 'the load generator (wrk, one thread), the service and PostgreSQL share the cores';

export function medians({ repeats }: Run): string {
  return `${runsOf(repeats)} of each side, each on a service that was started for it and warmed up; sides alternate`;
}

export function runsOf(repeats: number): string {
  return repeats === 1 ? 'one run' : `median (lowest–highest) of ${repeats} runs`;
}
