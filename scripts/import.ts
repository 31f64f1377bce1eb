/**
 * `npm run import -- FILE.json [--url URL]`: brings a catalogue (docs/catalogue-file.md) into a service, through its
 * operator API. Doing it twice changes nothing; after an interruption the same command goes on.
 */
import { stopOnSignal } from '../server/src/exit.ts';
import { systemClock } from '../server/src/platform/clock.ts';
import { exitCodes } from '../server/src/platform/startup-refusal.ts';
import { checkCatalogue } from './catalogue/check-catalogue.ts';
import { deliver, newDelivery } from './catalogue/deliver.ts';
import type { CatalogueFile } from './catalogue/file.ts';
import { type Arguments, HELP, readArguments } from './catalogue/import-options.ts';
import { commandCodes, runCommand } from './support/command.ts';
import { findService } from './support/find-service.ts';
import { createOperatorApi, OperatorUnknown, ServiceAway } from './support/operator-api.ts';
import { createProgress } from './catalogue/progress.ts';
import type { Problems } from './catalogue/problems.ts';
import { readCatalogueFile } from './catalogue/read-file.ts';
import { adviceOnChanged, type Cut, reportCut, reportEnd } from './catalogue/report.ts';

const CODES: Readonly<Record<Cut, number>> = {
  interrupted: commandCodes.interrupted,
  'service away': exitCodes.unavailable,
  'operator unknown': exitCodes.notPermitted,
};

async function main({ file, url }: Arguments): Promise<number> {
  const catalogue = await readCatalogue(file);
  if (catalogue === undefined) return commandCodes.badData;

  return importInto(url, catalogue, stopOnSignal());
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
    const cut = signal.aborted ? 'interrupted' : cutBy(error);
    if (cut === undefined) throw error;
    process.stderr.write(
      `${signal.aborted ? 'interrupted' : (error as Error).message}\n${reportCut(delivery, cut)}`,
    );
    return CODES[cut];
  }
  if (delivery.refused.length > 0) say({ problems: delivery.refused, unlisted: 0 }, 'The service refused');
  const tookS = Math.max(1, Math.round((systemClock.monotonicMs() - startedMs) / 1000));
  process.stderr.write(adviceOnChanged(delivery) + reportEnd(delivery, tookS));
  return delivery.isComplete ? 0 : commandCodes.badData;
}

/** Undefined when it cannot be imported; why has been said then. */
async function readCatalogue(file: string): Promise<CatalogueFile | undefined> {
  const read = await readCatalogueFile(file);
  const checked = 'problems' in read ? read : checkCatalogue(read.value, read.repeated);
  if (!('problems' in checked)) return checked.catalogue;
  say(checked, `${file} cannot be imported; nothing was sent`);
  return undefined;
}

function say({ problems, unlisted }: Problems, what: string): void {
  const lines = problems.map(({ path, message }) => `  ${path === '' ? 'the file' : path} ${message}`);
  if (unlisted > 0) lines.push(`  … and ${unlisted} more`);
  process.stderr.write(`${what}:\n${lines.join('\n')}\n`);
}

/** Undefined for a bug. */
function cutBy(error: unknown): Cut | undefined {
  if (error instanceof ServiceAway) return 'service away';
  return error instanceof OperatorUnknown ? 'operator unknown' : undefined;
}

await runCommand({ help: HELP, read: readArguments, run: main });
