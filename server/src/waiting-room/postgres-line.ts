/** The line on PostgreSQL. */
import type { Database } from '../platform/postgres/database.ts';
import { changeRoom } from './change-room.ts';
import { createRoom, createRooms } from './create-room.ts';
import { extendTurns } from './extend-turns.ts';
import { joinLine } from './join-line.ts';
import { leaveLine } from './leave-line.ts';
import type { Line } from './line.ts';
import { listRooms } from './list-rooms.ts';
import { readTurns } from './read-turns.ts';
import { spendTurns } from './spend-turns.ts';
import { tick } from './tick.ts';

export function createPostgresLine(deps: {
  readonly database: Database;
  readonly activeTtlMs: number;
}): Line {
  const { database, activeTtlMs } = deps;
  return {
    createRoom: (room, policy, state) => createRoom(database, room, policy, state),
    openRooms: async (tx, rooms, policy) => {
      await createRooms(tx, rooms, policy, 'OPEN');
    },
    changeRoom: (room, change) => changeRoom(deps, room, change),
    rooms: () => listRooms(database),
    join: (requests) => joinLine(deps, requests),
    turns: (places) => readTurns(database, places),
    leave: (places) => leaveLine(deps, places),
    spend: (tx, purchases) => spendTurns(tx, purchases, activeTtlMs),
    extend: (tx, holds) => extendTurns(tx, holds, activeTtlMs),
    tick: () => tick(deps),
  };
}
