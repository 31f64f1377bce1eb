/** What can be said to `npm run import`, read and checked. */
import { parseArgs } from 'node:util';
import { type Read, reading } from '../support/command.ts';

export const HELP = `npm run import -- FILE.json [--url http://127.0.0.1:3000]

Brings the catalogue of a file (docs/catalogue-file.md) into the service at the URL; without one, into the service at
HOST and PORT of the environment; if none runs there, one is started for the time of the import.
The operator's token is OPERATOR_TOKEN, or the one kept in DATA_DIR.
`;

export interface Arguments {
  readonly file: string;
  readonly url: string | undefined;
}

export function readArguments(args: readonly string[]): Read<Arguments> {
  return reading(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { url: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    if (values.help === true) return 'help';
    const [file, ...more] = positionals;
    if (file === undefined) return { wrong: 'which file is to be imported is missing' };
    if (more.length > 0) {
      return { wrong: `one file is imported at a time; given were ${positionals.join(', ')}` };
    }
    if (values.url === undefined) return { file, url: undefined };
    const url = originOf(values.url);
    return url === undefined
      ? { wrong: `--url must be such as http://127.0.0.1:3000, without a path; "${values.url}" is not` }
      : { file, url };
  });
}

/** Undefined for what is not the address of a service and nothing more. */
function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  return isOrigin ? url.origin : undefined;
}
