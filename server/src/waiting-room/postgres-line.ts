/** The line on PostgreSQL. */
import type { Database } from '../platform/postgres/database.ts';
import { changeRoom } from './change-room.ts';
import { claimTurns } from './claim-turns.ts';
import { createRoom, createRooms } from './create-room.ts';
import { extendTurns } from './extend-turns.ts';
import { joinLine } from './join-line.ts';
import { leaveLine } from './leave-line.ts';
import type { Line, TurnTimes } from './line.ts';
import { listDepartures } from './list-departures.ts';
import { listRooms } from './list-rooms.ts';
import { raiseEpoch } from './raise-epoch.ts';
import { readTurns } from './read-turns.ts';
import { shortenTurns } from './shorten-turns.ts';
import { spendTurns } from './spend-turns.ts';
import { tick } from './tick.ts';

export function createPostgresLine(deps: TurnTimes & { readonly database: Database }): Line {
  const { database } = deps;
  return {
    createRoom: (room, setup, changed) => createRoom(database, room, setup, changed),
    openRooms: async (tx, rooms, policy) => {
      await createRooms(tx, rooms, { policy, state: 'OPEN', opensAt: null });
    },
    changeRoom: (room, change, changed) => changeRoom(deps, room, change, changed),
    raiseEpoch: (room, changed) => raiseEpoch(database, room, changed),
    rooms: (names) => listRooms(database, names),
    join: (requests) => joinLine(deps, requests),
    turns: (places) => readTurns(database, places),
    claim: (places) => claimTurns(deps, places),
    departures: (room, stretch) => listDepartures(database, room, stretch),
    leave: (places) => leaveLine(deps, places),
    spend: (tx, purchases) => spendTurns(tx, purchases, deps),
    extend: (tx, holds) => extendTurns(tx, holds, deps),
    shorten: (tx, holds) => shortenTurns(tx, holds),
    tick: () => tick(deps),
  };
}
