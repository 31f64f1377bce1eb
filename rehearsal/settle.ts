/** What happens when the last fan has gone home: what is open comes to its end, and everything is read once more. */
import { limits } from '../server/src/limits.ts';
import type { Clock } from '../server/src/platform/clock.ts';
import { type ApiDeps, createApi } from './crowd/api.ts';
import { type Call, calls } from './crowd/calls.ts';
import type { AuditReport } from '#contract/http/operator.ts';
import type { Fan } from './crowd/fan.ts';
import { withdraw } from './crowd/live.ts';
import { streamOf } from './crowd/plan.ts';
import { askForAudit } from './ask-for-audit.ts';
import type { Operator } from './operator.ts';

const AT_ONCE = 48;
const AGAIN_MS = 500;

/** Does the work for all of them, a few at a time; for nobody who is left when the time is over. */
async function forEachFan(
  fans: readonly Fan[],
  over: AbortSignal,
  work: (fan: Fan) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let fan = fans[next++]; fan !== undefined && !over.aborted; fan = fans[next++]) await work(fan);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

export type Phase = 'selling' | 'settling' | 'auditing' | 'reading';

export interface EndDeps {
  /** With a signal of its own, for the crowd may have been stopped: when it fires, whatever is left stays open. */
  readonly api: ApiDeps;
  readonly operator: Operator;
  readonly clock: Clock;
  readonly wasStopped: boolean;
  readonly holdTtlMs: number;
  readonly onPhase: (phase: Phase) => void;
  readonly onRead: (read: number) => void;
}

export interface End {
  /** Undefined: the service gave none. */
  readonly audit: AuditReport | undefined;
  /** Nobody holds anything any more, and everything could be read. */
  readonly isSettled: boolean;
}

/** The one before it, and its own. */
const AUDIT_MS = 2 * limits.audit.passMsMax + 30_000;
/** A hold is free again within 5 s after its time; the rest is for a service that has just come back. */
const AFTER_HOLD_MS = 30_000;
const AFTER_STOP_MS = 10_000;

export async function bringToEnd(fans: readonly Fan[], deps: EndDeps): Promise<End> {
  const { api, operator, clock, wasStopped, holdTtlMs, onPhase, onRead } = deps;
  onPhase('settling');
  if (wasStopped) await forEachFan(fans, api.signal, (fan) => withdraw(fan, api));
  const withinMs = wasStopped ? AFTER_STOP_MS : holdTtlMs + AFTER_HOLD_MS;
  const isQuiet = await settleHolds(fans, api, withinMs);
  onPhase('auditing');
  const audit = await askForAudit(operator, clock, { withinMs: AUDIT_MS });
  onPhase('reading');
  const unread = await readFinally(fans, api, onRead);
  return { audit, isSettled: isQuiet && unread === 0 };
}

/** Until nobody holds anything. False: somebody still does, or it could not be learnt. */
async function settleHolds(fans: readonly Fan[], api: ApiDeps, withinMs: number): Promise<boolean> {
  const { clock, signal, pause } = api;
  const untilMs = clock.monotonicMs() + withinMs;
  let open = fans.filter(mayHold);
  for (;;) {
    const done = new Set<Fan>();
    await forEachFan(open, signal, async (fan) => {
      const told = await afterwards(fan, api).ask(calls.reservations(fan.account));
      if (told.outcome === 'ok' && told.told.every(({ status }) => status !== 'HELD')) done.add(fan);
    });
    open = open.filter((fan) => !done.has(fan));
    if (open.length === 0) return true;
    if (signal.aborted || clock.monotonicMs() > untilMs) return false;
    await pause(AGAIN_MS);
  }
}

/** Whoever has bought has asked until it was confirmed. */
function mayHold({ story, account }: Fan): boolean {
  if (account === '') return false;
  const isUnsure = ['service away', 'stopped', 'unexplained'].includes(story.end?.ending ?? '');
  return isUnsure || (story.reservations.size > 0 && story.end?.ending !== 'bought');
}

/** What is true in the end. Gives how many could not be read to the end. */
async function readFinally(
  fans: readonly Fan[],
  api: ApiDeps,
  onRead: (read: number) => void,
): Promise<number> {
  let [read, whole] = [0, 0];
  const asking = fans.filter(({ account }) => account !== '');
  await forEachFan(asking, api.signal, async (fan) => {
    if (await readAll(fan, api)) whole += 1;
    read += 1;
    onRead(read);
  });
  return asking.length - whole;
}

/** False: something could not be read. */
async function readAll(fan: Fan, api: ApiDeps): Promise<boolean> {
  const asker = afterwards(fan, api);
  const { account, token, crowd } = fan;
  const final: readonly Call[] = [
    ...(token === '' ? [] : [calls.look(token, crowd.target.room)]),
    calls.reservations(account),
    calls.wallet(account),
    calls.entries(account),
    calls.tickets(account),
  ];
  let isWhole = true;
  for (const call of final) {
    if (api.signal.aborted) return false;
    const { outcome } = await asker.insist(call, { isFinal: true });
    isWhole &&= outcome !== 'unknown';
  }
  return isWhole;
}

function afterwards(fan: Fan, api: ApiDeps) {
  return createApi(fan.caller, streamOf(fan.crowd.seed, fan.plan.index, 'pauses'), api);
}
