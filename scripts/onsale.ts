/** `npm run onsale`: a dress rehearsal of a sale, with a proof at its end. */
import { writeFile } from 'node:fs/promises';
import { stopOnSignal } from '../server/src/exit.ts';
import { type Clock, systemClock } from '../server/src/platform/clock.ts';
import { exitCodes, StartupRefusal } from '../server/src/platform/startup-refusal.ts';
import { commandCodes, runCommand } from './support/command.ts';
import { createOperatorApi, OperatorUnknown, ServiceAway } from './support/operator-api.ts';
import { createExchange } from '../rehearsal/crowd/exchange.ts';
import type { Target } from '../rehearsal/crowd/fan.ts';
import { leavingsOf, type OwnRoom } from '../rehearsal/leavings.ts';
import { createOperator } from '../rehearsal/operator.ts';
import { saveHistory } from '../rehearsal/history/history-file.ts';
import { createDisplay, type Display } from '../rehearsal/display.ts';
import { findService, type Found, HoldNotOurs } from '../rehearsal/find-service.ts';
import { commandOf, HELP, type OnsaleOptions, readOptions } from '../rehearsal/options.ts';
import { findTakenSeats } from '../rehearsal/find-taken-seats.ts';
import { type ResultFiles, tryResultFiles, Unwritable } from '../rehearsal/result-files.ts';
import { type Rehearsal, rehearse } from '../rehearsal/rehearse.ts';
import { factsOf } from '../rehearsal/report/facts.ts';
import { page } from '../rehearsal/report/page.ts';
import { machine } from '../rehearsal/report/setting.ts';
import { summary } from '../rehearsal/report/summary.ts';
import { closeRoom, findPerformance, makePerformance, NoTarget } from '../rehearsal/target.ts';
import { judge } from '../rehearsal/verdict.ts';

const UNJUDGED = 2;

async function main(options: OnsaleOptions): Promise<number> {
  const stop = stopOnSignal();
  const display = createDisplay(systemClock, process.stderr);
  try {
    await using service = await findService(options);
    display.say(`rehearsing on ${service.where}`);
    const name = new Date(systemClock.wallMs()).toISOString().slice(0, 19).replaceAll(/[:T]/g, '-');
    const files = await tryResultFiles(options, { dataDir: service.dataDir, name });
    const rehearsal = await run(options, service, stop, display);
    const room = await leave(rehearsal.target, options, service);
    display.end();
    const code = await report(rehearsal, options, { service, files, stays: leavingsOf(rehearsal, room) });
    return stop.aborted && code !== commandCodes.broken ? commandCodes.interrupted : code;
  } catch (error) {
    display.end();
    const code = stop.aborted ? commandCodes.interrupted : codeOf(error);
    if (code === undefined) throw error;
    process.stderr.write(stop.aborted ? 'interrupted\n' : `${wordsOf(error as Error)}\n`);
    return code;
  }
}

async function run(
  options: OnsaleOptions,
  service: Found,
  stop: AbortSignal,
  display: Display,
): Promise<Rehearsal> {
  const clock = systemClock;
  const { urls, token, died, holdTtlMs } = service;
  const signal = AbortSignal.any([stop, died]);
  const [url = ''] = urls;
  const onRetry = (why: string) => display.say(`trying again: ${why}`);
  const api = createOperatorApi({ url, token, clock, signal, onRetry });
  const target = await (options.target.kind === 'given'
    ? findPerformance(options.target.performanceId, api, clock, signal)
    : makePerformance(ownOf(options.target, options), api, clock, signal));
  display.say(
    `performance ${target.performanceId}, ${target.seatCount} seats, room ${target.room}; ${options.fans} fans, seed ${options.seed}`,
  );
  const takenBefore = await takenAt(options, target, { urls, clock, signal });
  return rehearse({
    urls,
    operatorToken: token,
    target,
    holdTtlMs,
    takenBefore,
    options,
    clock,
    signal,
    gone: died,
    onProgress: (progress) => display.show(progress),
  });
}

const SALE_MS_MIN = 6 * 3_600_000;

/** On sale for as long as people come and its seats last, and some hours. */
function ownOf(target: OnsaleOptions['target'] & { readonly kind: 'own' }, { curve }: OnsaleOptions) {
  const arrivalS = curve.kind === 'at-once' ? 0 : curve.overS;
  const saleLastsMs = SALE_MS_MIN + 1_000 * (arrivalS + target.seats / target.ratePerS);
  return { ...target, seatsPerPerson: 4, saleLastsMs };
}

/** Nobody comes into a line of the rehearsal's own any more, however it ended. */
async function leave(target: Target, options: OnsaleOptions, service: Found): Promise<OwnRoom> {
  if (options.target.kind === 'given') return undefined;
  using exchange = createExchange(service.urls);
  const operator = createOperator(exchange, service.token, systemClock, service.died);
  return { isClosed: await closeRoom(target.room, operator) };
}

/** Nobody else knows of a performance of the rehearsal's own. */
async function takenAt(
  options: OnsaleOptions,
  target: Target,
  {
    urls,
    ...deps
  }: { readonly urls: readonly string[]; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<number[]> {
  if (options.target.kind === 'own') return [];
  using exchange = createExchange(urls);
  return await findTakenSeats(target, { exchange, ...deps });
}

/** A file that cannot be written hides no verdict. What a service that has died leaves is told, too. */
async function report(
  rehearsal: Rehearsal,
  options: OnsaleOptions,
  { service, files, stays }: { readonly service: Found; readonly files: ResultFiles; readonly stays: string },
): Promise<number> {
  const { report: file, history } = files;
  const isSaved =
    history === undefined || (await keep('history', history, () => saveHistory(history, rehearsal.history)));
  const facts = factsOf(rehearsal);
  const verdict = judge(rehearsal);
  process.stdout.write(`\n${summary(rehearsal, facts, verdict)}`);
  const startedAt = new Date(systemClock.wallMs() - (systemClock.monotonicMs() - rehearsal.startedMs));
  const setting = {
    startedAt: `${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    where: service.where,
    room: roomWords(options),
    command: commandOf(options),
    machine: machine(),
    stays,
  };
  process.stdout.write(`What stays: ${stays}.\n`);
  const isWritten = await keep('report', file, () =>
    writeFile(file, page(rehearsal, facts, verdict, setting)),
  );
  if (service.died.aborted) process.stderr.write(`${(service.died.reason as Error).message}\n`);
  if (!verdict.isKept) return commandCodes.broken;
  if (service.died.aborted) return exitCodes.unavailable;
  if (!isSaved || !isWritten) return exitCodes.cannotCreate;
  return verdict.unjudged.length === 0 ? 0 : UNJUDGED;
}

async function keep(what: string, path: string, write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    process.stdout.write(`The ${what}: ${path}\n`);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    process.stderr.write(`The ${what} could not be written: ${error.message}\n`);
    return false;
  }
}

function roomWords({ target }: OnsaleOptions): string {
  return target.kind === 'given'
    ? 'the room of the performance, as it is set up'
    : `${target.ratePerS} people a second are let in, and ${target.capacity} are in at most`;
}

/** Undefined for a bug. */
function codeOf(error: unknown): number | undefined {
  if (error instanceof ServiceAway) return exitCodes.unavailable;
  if (error instanceof OperatorUnknown) return exitCodes.notPermitted;
  if (error instanceof HoldNotOurs) return commandCodes.usage;
  if (error instanceof NoTarget) return commandCodes.badData;
  if (error instanceof Unwritable) return exitCodes.cannotCreate;
  return error instanceof StartupRefusal ? error.exitCode : undefined;
}

function wordsOf(error: Error): string {
  return error instanceof StartupRefusal ? `${error.message}\n${error.advice}` : error.message;
}

await runCommand({
  help: HELP,
  advice: 'npm run onsale -- --help says what there is.\n',
  read: readOptions,
  run: main,
});
