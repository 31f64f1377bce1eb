/**
 * Turns a run of events into sets. Events of one name become one set; two events about the same reservation
 * or the same turn keep their order: of different names, the later one goes into a later wave.
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
  const [first] = logged;
  // As a rule all are of one name, and then there is no order to keep.
  if (first !== undefined && logged.every(({ event }) => event.name === first.event.name))
    return [{ name: first.event.name, items: [...logged] }];
  const waves: Map<EventName, LoggedEvent[]>[] = [];
  const latest = new Map<string, { wave: number; name: EventName }>();
  for (const item of logged) {
    const { name } = item.event;
    const subjects = subjectsOf(item.event);
    const befores = subjects.flatMap((subject) => latest.get(subject) ?? []);
    const wave = Math.max(0, ...befores.map((before) => before.wave + (before.name === name ? 0 : 1)));
    for (const subject of subjects) latest.set(subject, { wave, name });
    const sets = (waves[wave] ??= new Map());
    const items = sets.get(name);
    if (items === undefined) sets.set(name, [item]);
    else items.push(item);
  }
  return waves.flatMap((sets) => [...sets].map(([name, items]) => ({ name, items })));
}

/**
 * What an event must keep its order about. Of two purchases on one turn, the one that was paid first has it.
 * Nothing is checked yet, so whatever stands where a turn should be must do as a key.
 */
function subjectsOf(event: AnyEvent): string[] {
  const subjects: string[] = [];
  if ('reservationId' in event) subjects.push(event.reservationId);
  if ('turn' in event) subjects.push(JSON.stringify(event.turn));
  return subjects;
}
