/**
 * Turns a run of events into sets. Events of one name become one set; two events of different names about
 * the same reservation keep their order, because the later one goes into a later wave.
 */
import type { AnyEvent, EventName } from '#contract/events.ts';

export interface LoggedEvent {
  /** As the log has it: its name is known, the rest is checked when it is reacted to. */
  readonly event: AnyEvent;
  readonly epoch: number;
  readonly xid: string;
  readonly id: number;
  /** Index within its row. */
  readonly position: number;
}

export interface EventSet {
  readonly name: EventName;
  readonly items: LoggedEvent[];
}

export function inWaves(logged: readonly LoggedEvent[]): EventSet[] {
  const waves: Map<EventName, LoggedEvent[]>[] = [];
  const latest = new Map<string, { wave: number; name: EventName }>();
  for (const item of logged) {
    const { name } = item.event;
    const reservationId = 'reservationId' in item.event ? item.event.reservationId : undefined;
    const before = reservationId === undefined ? undefined : latest.get(reservationId);
    const wave = before === undefined ? 0 : before.wave + (before.name === name ? 0 : 1);
    if (reservationId !== undefined) latest.set(reservationId, { wave, name });
    const sets = (waves[wave] ??= new Map());
    const items = sets.get(name);
    if (items === undefined) sets.set(name, [item]);
    else items.push(item);
  }
  return waves.flatMap((sets) => [...sets].map(([name, items]) => ({ name, items })));
}
