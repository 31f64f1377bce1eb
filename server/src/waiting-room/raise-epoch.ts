/** A line that goes on after commits were lost: what was given in the lost ones is told apart from what is given now. */
import { refused } from '#contract/problems.ts';
import type { Database } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { ChangeOutcome, RoomChanged } from './line.ts';
import { lockRooms } from './lock-rooms.ts';
import { inNextEpoch, viewOf } from './room.ts';

const RAISE = statement(`/* waiting-room.raise-epoch */
update waiting_room.room set epoch = $2, epoch_starts = $3::bigint[] where room = $1`);

/** Under the room's lock: whoever joins has a number below the new epoch's first, or is of it. */
export function raiseEpoch(database: Database, name: string, changed?: RoomChanged): Promise<ChangeOutcome> {
  return database.transaction(async (tx): Promise<ChangeOutcome> => {
    const room = (await lockRooms(tx, [name])).get(name);
    if (room === undefined) return refused('queue.room-not-found');
    const raised = inNextEpoch(room);
    tx.send(RAISE, [name, raised.epoch, raised.epochStarts]);
    const view = viewOf(raised);
    changed?.(tx, viewOf(room), view, room.at);
    return { outcome: 'changed', view };
  });
}
