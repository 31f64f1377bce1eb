import assert from 'node:assert/strict';
import type { RoomTerms } from '#contract/http/queue.ts';
import { isInstant } from '#contract/ids.ts';
import { invalid, type Refusal } from '#contract/problems.ts';
import type { Line, RoomChanged } from './line.ts';
import { HALF_A_RATE, mergePolicy, type Policy } from './policy.ts';
import type { RoomView } from './room.ts';

export type OpenOutcome = { readonly outcome: 'created' | 'exists'; readonly view: RoomView } | Refusal;

/** An opening time that there is not is refused, before PostgreSQL does. */
export function refuseOpening(opensAt: RoomTerms['opensAt']): Refusal | undefined {
  if (opensAt === undefined || opensAt === null || isInstant(opensAt)) return undefined;
  return invalid({ in: 'body', path: '/opensAt', message: 'there is no such instant' });
}

/** A room for a sale. What the terms leave out is as the settings say; an existing room stays as it is. */
export async function openRoom(
  line: Pick<Line, 'createRoom' | 'rooms'>,
  defaultPolicy: Policy,
  room: string,
  { state = 'OPEN', opensAt = null, ...change }: RoomTerms,
  changed?: RoomChanged,
): Promise<OpenOutcome> {
  const policy = mergePolicy(defaultPolicy, change);
  if (policy === undefined) return invalid(HALF_A_RATE);
  const created = await line.createRoom(room, { policy, state, opensAt }, changed);
  const [view] = await line.rooms([room]);
  assert(view !== undefined, 'rooms are never removed');
  return { outcome: created ? 'created' : 'exists', view };
}
