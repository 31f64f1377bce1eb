/** What can be said to `npm run audit`, read and checked. */
import { parseArgs } from 'node:util';
import { type Read, reading } from '../support/command.ts';

const SETTLE_S_MAX = 3_600;

export const HELP = `npm run audit [-- --settle SECONDS] [--json]

Looks whether every promise is kept, each in a snapshot of the tables and the log, while the sale goes on or after it. The
database is that of DATABASE_URL, or that of DATA_DIR: of the service that runs there, or, when none does, of a PostgreSQL
that is started for the time of the audit. It reads, and changes nothing.

  --settle SECONDS  while something is under way, or is found, audit again for so long (0)
  --json            print the report as JSON

Exit code: 0 everything is kept; 1 something is broken, and named; 64 and above when there could be no audit, or not all
of it. Ctrl-C ends it at once, and the statement that it is at.
`;

export interface Arguments {
  readonly settleMs: number;
  readonly json: boolean;
}

export function readArguments(args: readonly string[]): Read<Arguments> {
  return reading(() => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        settle: { type: 'string', default: '0' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return 'help';
    const seconds = /^\d+$/.test(values.settle) ? Number(values.settle) : Number.NaN;
    if (!(seconds <= SETTLE_S_MAX)) {
      return {
        wrong: `--settle must be a number of seconds, 0 to ${SETTLE_S_MAX}; "${values.settle}" is not`,
      };
    }
    return { settleMs: seconds * 1000, json: values.json };
  });
}
