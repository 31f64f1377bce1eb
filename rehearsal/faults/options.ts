/** What can be said to `npm run faults`, read and checked. Pure. */
import { parseArgs } from 'node:util';
import { type Read, reading } from '../../scripts/support/command.ts';
import type { Scenario } from './scenario.ts';

export interface FaultOptions {
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  readonly write: boolean;
}

export const HELP = `npm run faults [-- NAME…] [--list] [--seed N] [--write]

Plays faults on this machine, all of them or those that are named, one after the other: a PostgreSQL and three instances
of the service of their own, a crowd that buys all the time, something that breaks; then it is healed, and everything that
people were told is checked against what is true in the end. It takes about a minute for each, more on a busy machine.

  --list    names the faults there are, and plays none
  --seed N  the same seed brings the same crowd and the same choices; 1 unless given
  --write   writes what came of it into docs/reliability.md; rows of faults that were not played stay as they are
  --help    these lines

Some faults need root, loop devices, strace, xfs_io or libfaketime; as root on Debian what is missing is installed with
apt, and a fault without its tools is skipped with the reason. Exit code: 0 every promise was kept, 1 one was broken or a
fault could not be played to its end, 64 the command was not understood, 130 it was interrupted.
`;

const SEED_MAX = 999_999_999;

export function readOptions(args: readonly string[], all: readonly Scenario[]): Read<FaultOptions | 'list'> {
  return reading(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        list: { type: 'boolean' },
        seed: { type: 'string' },
        write: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return 'help';
    if (values.list === true) return 'list';
    const { seed = '1', write = false } = values;
    if (!/^\d{1,9}$/.test(seed)) {
      return { wrong: `--seed must be a whole number from 0 to ${SEED_MAX}; "${seed}" is not` };
    }
    const unknown = positionals.filter((name) => !all.some((scenario) => scenario.name === name));
    if (unknown.length > 0) {
      return {
        wrong: `there is no fault ${unknown.join(' or ')}; npm run faults -- --list names those there are`,
      };
    }
    const isWanted = ({ name }: Scenario) => positionals.length === 0 || positionals.includes(name);
    return { scenarios: all.filter(isWanted), seed: Number(seed), write };
  });
}

/** A line for each, its name first. */
export function listOf(all: readonly Scenario[]): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  return all.map(({ name, does }) => `${name.padEnd(width)}  ${does}\n`).join('');
}
