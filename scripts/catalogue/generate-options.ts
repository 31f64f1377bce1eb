/** What can be said to `npm run generate-catalogue`, read and checked. */
import { parseArgs } from 'node:util';
import { type Read, reading } from '../support/command.ts';
import { SEATS_PER_FILE_MAX } from './file.ts';
import { type GenerateOptions, SEATS_MIN } from './generate-catalogue.ts';

export const HELP = `npm run generate-catalogue -- --seats N [--out FILE] [--seed N] [--from DATE]

  --seats  ${SEATS_MIN} to ${SEATS_PER_FILE_MAX}, over all performances, exactly
  --out    the file to write; without it, standard output
  --seed   a whole number, 1 unless given: the same one gives the same catalogue
  --from   the first day of the season; without it, the first day of next year
  --help   these lines
`;

export type Given = GenerateOptions & { readonly out: string | undefined };

export function readArguments(args: readonly string[]): Read<Given> {
  return reading(() => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seats: { type: 'string' },
        out: { type: 'string' },
        seed: { type: 'string', default: '1' },
        from: { type: 'string', default: `${new Date().getFullYear() + 1}-01-01` },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return 'help';
    const { seats = '', seed, from, out } = values;
    const isSize =
      /^\d{1,9}$/.test(seats) && Number(seats) >= SEATS_MIN && Number(seats) <= SEATS_PER_FILE_MAX;
    if (!isSize)
      return { wrong: `--seats must be a whole number from ${SEATS_MIN} to ${SEATS_PER_FILE_MAX}` };
    if (!/^\d{1,9}$/.test(seed)) return { wrong: '--seed must be a whole number' };
    const isDay = /^2\d{3}-\d\d-\d\d$/.test(from) && isDayThatThereIs(from);
    if (!isDay) return { wrong: '--from must be a day such as 2027-03-01' };
    return { seats: Number(seats), seed: Number(seed), from, out };
  });
}

function isDayThatThereIs(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
}
