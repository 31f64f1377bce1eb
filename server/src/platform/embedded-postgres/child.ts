/** How PostgreSQL's programs are run, and what it means when the system does not let us. */
import type { Account } from './account.ts';
import { binariesCannotRun, errnoOf, messageOf, noUserToRunAs } from './refusals.ts';

/** The exit code of a program whose shared libraries are not found. */
export const LIBRARY_MISSING = 127;

/** Nothing of our environment, so that no PG* variable changes what the server does. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

export interface ChildOptions {
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly uid?: number;
  readonly gid?: number;
}

export function childOptions(account: Account | undefined): ChildOptions {
  const options = { cwd: '/', env: ENVIRONMENT };
  return account === undefined ? options : { ...options, uid: account.uid, gid: account.gid };
}

export function cannotSpawn(binary: string, account: Account | undefined, error: unknown): Error {
  if (account !== undefined && errnoOf(error) === 'EPERM') {
    return noUserToRunAs(`this root may not become ${account.name}`, error);
  }
  return binariesCannotRun(binary, messageOf(error), error);
}
