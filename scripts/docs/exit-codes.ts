/** The table of exit codes in docs/configuration.md. */
import { exitCodes } from '../../server/src/platform/startup-refusal.ts';

type Code = keyof typeof exitCodes;

/** A new exit code does not compile without its meaning. */
const meanings: Readonly<Record<Code, string>> = {
  unavailable:
    'Node 26, PostgreSQL binaries that run on this system, or the server of `DATABASE_URL` cannot be had.',
  software: 'The embedded PostgreSQL did not start, for a reason that only its log knows.',
  cannotCreate:
    '`DATA_DIR` cannot be made, written or used: not a folder, read-only, not ours, or moved away.',
  diskFull: 'The disk of `DATA_DIR` is full.',
  inUse:
    '`DATA_DIR` is in use by another Frontrow, or somebody else holds tables that a migration is to change.',
  otherVersion: 'The data belong to another version of PostgreSQL or of Frontrow.',
  notPermitted: 'Started as root, and no other user could run the embedded PostgreSQL or reach its data.',
  configuration: 'A setting is wrong, or the PostgreSQL of `DATABASE_URL` cannot keep what we promise.',
};

/** One row for each code, by number. */
export function exitCodeTable(): string {
  const codes = Object.keys(exitCodes) as Code[];
  const rows = codes
    .toSorted((a, b) => exitCodes[a] - exitCodes[b])
    .map((code) => `| \`${exitCodes[code]}\` | ${meanings[code]} |`);
  return ['| exit code | what is wrong |', '|---|---|', ...rows].join('\n');
}
