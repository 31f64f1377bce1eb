/** Which background work a role runs on this instance. Everything may run everywhere: row locks see to it
 * that each reader of the log is read by one instance at a time. */
import type { Context } from './context.ts';
import type { Role } from './config/settings.ts';

export type BackgroundWork = (signal: AbortSignal) => Promise<void>;

export function backgroundOf(context: Context, roles: ReadonlySet<Role>): BackgroundWork[] {
  const { messaging, waitingRoom, seats, reservations, payments, audits } = context;
  const work: BackgroundWork[] = [];
  if (roles.has('waiting-room')) {
    messaging.react('waiting-room', waitingRoom.reactions);
    work.push((signal) => waitingRoom.run(signal));
  }
  if (roles.has('seats')) messaging.react('seats', seats.reactions);
  if (roles.has('reservations')) messaging.react('reservations', reservations.reactions);
  if (roles.has('payments')) {
    messaging.react('payments', payments.reactions);
    work.push((signal) => payments.sweep(signal));
  }
  // With the role that operators ask: an instance that only reacts has its connections for that.
  if (roles.has('api')) work.push((signal) => audits.run(signal));
  work.push((signal) => messaging.run(signal));
  return work;
}
