/**
 * `npm run import -- FILE.json [--url URL]`: brings a catalogue (docs/catalogue-file.md) into a service, through its
 * operator API. Doing it twice changes nothing; after an interruption the same command goes on.
 */
import { parseArgs } from 'node:util';
import { fail, stopOnSignal } from '../server/src/exit.ts';
import { systemClock } from '../server/src/platform/clock.ts';
import { exitCodes } from '../server/src/platform/startup-refusal.ts';
import { checkCatalogue } from './catalogue/check-catalogue.ts';
import { deliver, type Delivery, newDelivery } from './catalogue/deliver.ts';
import { type CatalogueFile, KINDS } from './catalogue/file.ts';
import { findService } from './catalogue/find-service.ts';
import { createOperatorApi, OperatorUnknown, ServiceAway } from './catalogue/operator-api.ts';
import { createProgress, duration, number } from './catalogue/progress.ts';
import { type FileProblem, readCatalogueFile } from './catalogue/read-file.ts';

const USAGE = 64; // EX_USAGE of sysexits.h
const BAD_FILE = 65; // EX_DATAERR
const INTERRUPTED = 130;
const PROBLEMS_SHOWN_MAX = 100;

const HELP = `npm run import -- FILE.json [--url http://127.0.0.1:3000]

Brings the catalogue of a file (docs/catalogue-file.md) into the service at the URL; without one, into the service at
HOST and PORT of the environment; if none runs there, one is started for the time of the import.
The operator's token is OPERATOR_TOKEN, or the one kept in DATA_DIR.
`;

async function main(args: readonly string[]): Promise<number> {
  const given = readArguments(args);
  if (given === undefined) return USAGE;
  const catalogue = await readCatalogue(given.file);
  if (catalogue === undefined) return BAD_FILE;

  return importInto(given.url, catalogue, stopOnSignal());
}

async function importInto(
  url: string | undefined,
  catalogue: CatalogueFile,
  signal: AbortSignal,
): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  const delivery = newDelivery(catalogue);
  const progress = createProgress(systemClock, process.stderr);
  try {
    await using service = await findService(url);
    progress.say(`importing into ${service.url}${service.isOwn ? ', a service started for it' : ''}`);
    const onRetry = (why: string) => progress.say(`trying again: ${why}`);
    const api = createOperatorApi({ ...service, clock: systemClock, signal, onRetry });
    const onProgress = () => progress.show(delivery);
    await deliver(catalogue, delivery, { api, clock: systemClock, signal, onProgress });
    progress.end();
  } catch (error) {
    progress.end();
    const code = signal.aborted ? INTERRUPTED : codeOf(error);
    if (code === undefined) throw error;
    process.stderr.write(
      `${signal.aborted ? 'interrupted' : (error as Error).message}\n${outcome(delivery)}`,
    );
    return code;
  }
  if (delivery.refused.length > 0) say(delivery.refused, 'The service refused');
  const tookS = Math.max(1, Math.round((systemClock.monotonicMs() - startedMs) / 1000));
  process.stderr.write(outcome(delivery, tookS));
  return delivery.isComplete ? 0 : BAD_FILE;
}

function readArguments(args: readonly string[]): { file: string; url: string | undefined } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { url: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    const [file, ...more] = positionals;
    const isUrl = values.url === undefined || /^https?:\/\/[^/]+\/?$/.test(values.url);
    if (file !== undefined && more.length === 0 && isUrl && values.help !== true) {
      return { file, url: values.url?.replace(/\/$/, '') };
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
  process.stderr.write(HELP);
  return undefined;
}

/** Undefined when it cannot be imported; why has been said then. */
async function readCatalogue(file: string): Promise<CatalogueFile | undefined> {
  const read = await readCatalogueFile(file);
  const checked = 'problems' in read ? read : checkCatalogue(read.value);
  if (!('problems' in checked)) return checked.catalogue;
  say(checked.problems, `${file} cannot be imported; nothing was sent`);
  return undefined;
}

function say(problems: readonly FileProblem[], what: string): void {
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
  const lines = shown.map(({ path, message }) => `  ${path === '' ? 'the file' : path} ${message}`);
  if (problems.length > shown.length) lines.push(`  … and ${problems.length - shown.length} more`);
  process.stderr.write(`${what}:\n${lines.join('\n')}\n`);
}

/** Undefined for a bug. */
function codeOf(error: unknown): number | undefined {
  if (error instanceof ServiceAway) return exitCodes.unavailable;
  if (error instanceof OperatorUnknown) return exitCodes.notPermitted;
  return undefined;
}

function outcome({ counts, seats, isComplete }: Delivery, tookS?: number): string {
  const there = KINDS.map(
    (kind) => `${number(counts[kind].there)} ${kind} (${number(counts[kind].before)} before)`,
  );
  const inTime = tookS === undefined ? '' : ` after ${duration(tookS)}`;
  const next = isComplete
    ? 'All of the file is there.\n'
    : 'Not all of the file is there. The same command goes on from here and makes nothing twice.\n';
  return `there${inTime}: ${there.join(', ')}, ${number(seats.done)} of ${number(seats.total)} seats\n${next}`;
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
}, fail);
