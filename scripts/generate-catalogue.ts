/**
 * `npm run generate-catalogue -- --seats 2000000 [--out FILE] [--seed N] [--from 2027-03-01]`: a made-up catalogue for
 * `npm run import`, of exactly so many seats.
 */
import { writeFile } from 'node:fs/promises';
import { exitCodes } from '../server/src/platform/startup-refusal.ts';
import { generateCatalogue } from './catalogue/generate-catalogue.ts';
import { type Given, HELP, readArguments } from './catalogue/generate-options.ts';
import { runCommand } from './support/command.ts';

async function main({ out, ...options }: Given): Promise<number> {
  const text = `${JSON.stringify(generateCatalogue(options), null, 1)}\n`;
  try {
    await (out === undefined ? writeOut(text) : writeFile(out, text));
    return 0;
  } catch (error) {
    process.stderr.write(`${out ?? 'standard output'}: ${(error as Error).message}\n`);
    return exitCodes.cannotCreate;
  }
}

function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

await runCommand({ help: HELP, read: readArguments, run: main });
