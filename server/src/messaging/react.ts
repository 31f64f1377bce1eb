/** Runs reactions on events inside a transaction and collects what they emit. */
import assert from 'node:assert/strict';
import { type AnyEvent, type EventName, events as schemas, isEventName } from '#contract/events.ts';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Tx } from '../platform/postgres/database.ts';
import { attempt, type IsCulprit } from './attempt.ts';
import { emitsOf, type ReaderName } from './saga-map.ts';
import { inWaves, type LoggedEvent } from './waves.ts';

/** A reader's reactions without their exact types: the saga map has checked them where they were made. */
export type ReactionTable = Readonly<Partial<Record<EventName, UncheckedReaction>>>;
interface UncheckedReaction {
  readonly run: (tx: Tx, events: readonly AnyEvent[]) => Promise<readonly AnyEvent[]>;
  readonly giveUp?: (event: AnyEvent) => AnyEvent;
}

/** With the name among the fields: to check an event without it would be to copy it first. */
const checks = new Map(
  Object.entries(schemas).map(([name, { properties }]) => {
    const fields = { name: Type.Literal(name), ...properties };
    return [name, Compile(Type.Object(fields, { additionalProperties: false }))];
  }),
);

/** Throws when the event is not what its schema says; an unknown name is such an event too. */
export function assertEvent(value: unknown): asserts value is AnyEvent {
  assert(typeof value === 'object' && value !== null && 'name' in value, 'an event is an object with a name');
  const { name } = value as { name: string };
  assert(isEventName(name), `there is no event ${name}`);
  assert(checks.get(name)?.Check(value), `${name} does not match its schema`);
}

/** Runs one set; checks what comes in against its schema and what goes out against the saga map. */
export async function reactToSet(
  tx: Tx,
  reader: ReaderName,
  reactions: ReactionTable,
  name: EventName,
  events: readonly AnyEvent[],
): Promise<readonly AnyEvent[]> {
  const reaction = reactions[name];
  assert(reaction !== undefined, `${reader} has no reaction to ${name}`);
  for (const event of events) assertEvent(event);
  const emitted = await reaction.run(tx, events);
  for (const event of emitted) assertEmits(reader, name, event.name);
  return emitted;
}

/** The types say it too; they are not there when an event comes from a cast. */
export function assertEmits(reader: ReaderName, on: EventName, emitted: EventName): void {
  assert(
    emitsOf(reader, on).includes(emitted),
    `the saga map does not say that ${reader} emits ${emitted} on ${on}`,
  );
}

/** The usual way: everything, or the transaction fails. */
export async function reactToAll(
  tx: Tx,
  reader: ReaderName,
  reactions: ReactionTable,
  items: readonly LoggedEvent[],
): Promise<AnyEvent[]> {
  const emitted: AnyEvent[] = [];
  for (const set of inWaves(items)) {
    const events = set.items.map((item) => item.event);
    emitted.push(...(await reactToSet(tx, reader, reactions, set.name, events)));
  }
  return emitted;
}

/**
 * After a failure: every set is halved until the culprits stand alone; they are parked, the others take effect.
 * What a set emits is appended with it, because that can be what fails.
 */
export async function reactIsolating(
  tx: Tx,
  reader: ReaderName,
  reactions: ReactionTable,
  items: readonly LoggedEvent[],
  then: {
    readonly isCulprit: IsCulprit;
    readonly append: (tx: Tx, emitted: readonly AnyEvent[]) => void;
    readonly park: (item: LoggedEvent, error: unknown) => void;
  },
): Promise<void> {
  const pending = inWaves(items);
  for (let set = pending.shift(); set !== undefined; set = pending.shift()) {
    const { name, items: together } = set;
    const events = together.map((item) => item.event);
    const failure = await attempt(tx, then.isCulprit, async (within) => {
      then.append(within, await reactToSet(within, reader, reactions, name, events));
    });
    if (failure === undefined) continue;
    const [first] = together;
    if (together.length === 1 && first !== undefined) {
      then.park(first, failure.error);
      continue;
    }
    const half = Math.ceil(together.length / 2);
    pending.unshift({ name, items: together.slice(0, half) }, { name, items: together.slice(half) });
  }
}
