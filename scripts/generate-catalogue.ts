/**
 * `npm run generate-catalogue -- --seats 2000000 [--out FILE] [--seed N] [--from 2027-03-01]`: a made-up catalogue for
 * `npm run import`, of exactly so many seats.
 */
import { writeFile } from 'node:fs/promises';
import { generateCatalogue } from './catalogue/generate-catalogue.ts';
import { HELP, readArguments } from './catalogue/generate-options.ts';

const USAGE = 64; // EX_USAGE of sysexits.h
const CANNOT_CREATE = 73; // EX_CANTCREAT

const given = readArguments(process.argv.slice(2));
if (given === 'help') {
  process.stdout.write(HELP);
} else if ('wrong' in given) {
  process.stderr.write(`${given.wrong}\n\n${HELP}`);
  process.exitCode = USAGE;
} else {
  const text = `${JSON.stringify(generateCatalogue(given), null, 1)}\n`;
  try {
    await (given.out === undefined ? writeOut(text) : writeFile(given.out, text));
  } catch (error) {
    process.stderr.write(`${given.out ?? 'standard output'}: ${(error as Error).message}\n`);
    process.exitCode = CANNOT_CREATE;
  }
}

function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
