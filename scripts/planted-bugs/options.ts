/** What can be said to `npm run planted-bugs`, read and checked. */
import { parseArgs } from 'node:util';
import { type Read, reading } from '../support/command.ts';
import type { PlantedBug } from './planted-bug.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

export const HELP = `npm run planted-bugs [-- NAME… --list --write]

Plants one bug at a time in a copy of the project and runs the tests that must notice it.
Exit code 1 when one survives, hangs, or does not fit the code any more.

  NAME…    only these bugs; without a name, all of them
  --list   says what there is, and plants nothing
  --write  writes the table into docs/reliability.md; for all of them only
  --help   these lines
`;

export interface Given {
  readonly bugs: readonly PlantedBug[];
  readonly isList: boolean;
  readonly isWrite: boolean;
}

export function readArguments(args: readonly string[]): Read<Given> {
  return reading(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        list: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const unknown = positionals.filter((name) => !PLANTED_BUGS.some((bug) => bug.name === name));
    if (unknown.length > 0) {
      return { wrong: `There is no planted bug ${unknown.join(', ')}. --list says which there are.` };
    }
    if (values.write && positionals.length > 0) {
      return { wrong: '--write is for all of them: leave the names out.' };
    }
    const bugs = PLANTED_BUGS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    return { bugs, isList: values.list, isWrite: values.write };
  });
}
