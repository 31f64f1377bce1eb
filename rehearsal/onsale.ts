/** `npm run onsale`: a dress rehearsal of a sale, with a proof at its end. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail, stopOnSignal } from '../server/src/exit.ts';
import { type Clock, systemClock } from '../server/src/platform/clock.ts';
import { exitCodes, StartupRefusal } from '../server/src/platform/startup-refusal.ts';
import { createOperatorApi, OperatorUnknown, ServiceAway } from '../scripts/catalogue/operator-api.ts';
import { createExchange } from './crowd/exchange.ts';
import type { Target } from './crowd/fan.ts';
import { saveHistory } from './history/history-file.ts';
import { leavingsOf, type OwnRoom } from './leavings.ts';
import { createOperator } from './operator.ts';
import { createDisplay, type Display } from './display.ts';
import { findService, type Found } from './find-service.ts';
import { commandOf, HELP, type OnsaleOptions, readOptions } from './options.ts';
import { seatsTaken } from './observer.ts';
import { type Rehearsal, rehearse } from './rehearse.ts';
import { factsOf } from './report/facts.ts';
import { page } from './report/page.ts';
import { machine } from './report/setting.ts';
import { summary } from './report/summary.ts';
import { closeRoom, findPerformance, makePerformance, NoTarget } from './target.ts';
import { judge } from './verdict.ts';

const USAGE = 64; // EX_USAGE of sysexits.h
const NO_TARGET = 65; // EX_DATAERR
const BROKEN = 1;
const UNJUDGED = 2;
const INTERRUPTED = 130;

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if ('wrong' in options) {
    process.stderr.write(`${options.wrong}\n\nnpm run onsale -- --help says what there is.\n`);
    return USAGE;
  }
  const stop = stopOnSignal();
  const display = createDisplay(systemClock, process.stderr);
  try {
    await using service = await findService(options);
    display.say(`rehearsing on ${service.where}`);
    const rehearsal = await run(options, service, stop, display);
    const room = await leave(rehearsal.target, options, service);
    display.end();
    const code = await report(rehearsal, options, { ...service, stays: leavingsOf(rehearsal, room) });
    return stop.aborted && code !== BROKEN ? INTERRUPTED : code;
  } catch (error) {
    display.end();
    const code = stop.aborted ? INTERRUPTED : codeOf(error);
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
  const rehearsal = await rehearse({
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
  died.throwIfAborted();
  if (options.history !== undefined) await saveHistory(resolve(options.history), rehearsal.history);
  return rehearsal;
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
  return await seatsTaken(target, { exchange, ...deps });
}

async function report(
  rehearsal: Rehearsal,
  options: OnsaleOptions,
  service: Pick<Found, 'where' | 'dataDir'> & { readonly stays: string },
): Promise<number> {
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
    stays: service.stays,
  };
  const name = `${startedAt.toISOString().slice(0, 19).replaceAll(/[:T]/g, '-')}.html`;
  const file = resolve(options.report ?? join(service.dataDir, 'rehearsals', name));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, page(rehearsal, facts, verdict, setting));
  process.stdout.write(`What stays: ${service.stays}.\nThe report: ${file}\n`);
  if (!verdict.isKept) return BROKEN;
  return verdict.unjudged.length === 0 ? 0 : UNJUDGED;
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
  if (error instanceof NoTarget) return NO_TARGET;
  return error instanceof StartupRefusal ? error.exitCode : undefined;
}

function wordsOf(error: Error): string {
  return error instanceof StartupRefusal ? `${error.message}\n${error.advice}` : error.message;
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
}, fail);
