import type { AnyEvent } from '#contract/events.ts';
import type { Messaging } from '../../src/messaging/index.ts';
import type { Database, Tx } from '../../src/platform/postgres/database.ts';

/**
 * Runs a module's reaction to events of one name, as its reader would, and gives what it emits. It is in the log
 * only with a messaging to append it.
 */
export function runReaction(
  database: Pick<Database, 'transaction'>,
  reactions: object,
  events: readonly [AnyEvent, ...AnyEvent[]],
  messaging?: Pick<Messaging, 'append'>,
): Promise<readonly AnyEvent[]> {
  const [{ name }] = events;
  const reaction: unknown = Reflect.get(reactions, name);
  if (!isReaction(reaction)) throw new Error(`there is no reaction to ${name}`);
  return database.transaction(async (tx) => {
    const emitted = await reaction.run(tx, events);
    messaging?.append(tx, emitted);
    return emitted;
  });
}

interface Reaction {
  readonly run: (tx: Tx, events: readonly AnyEvent[]) => Promise<readonly AnyEvent[]>;
}

function isReaction(value: unknown): value is Reaction {
  return typeof value === 'object' && value !== null && 'run' in value;
}
