/** What a room's record says of who was inside and when, checked against what the operator had set at each moment. */
import type { Reader } from '../../src/platform/postgres/database.ts';

interface Turn {
  readonly number: number;
  readonly admittedMs: number;
  /** Infinity: it still is. */
  readonly endedMs: number;
}

interface Rule {
  readonly fromMs: number;
  readonly capacity: number;
}

/** Times are known in whole milliseconds, cut off. */
const CUT_OFF_MS = 1;

async function readTurns(database: Reader, room: string): Promise<Turn[]> {
  const rows = await database.rows<{ number: number; admitted_at: string; ended_at: string | null }>(
    {
      name: 'test.turns',
      text: `/* test.turns */
        select number, admitted_at, ended_at from waiting_room.token
        where room = $1 and admitted_at is not null order by admitted_at, number`,
    },
    [room],
  );
  return rows.map((row) => ({
    number: row.number,
    admittedMs: Date.parse(row.admitted_at),
    endedMs: row.ended_at === null ? Infinity : Date.parse(row.ended_at),
  }));
}

/** The capacities that were in force, from the operator's log. */
async function readRules(database: Reader, room: string): Promise<Rule[]> {
  const rows = await database.rows<{ at: string; after: { capacity: number | null } }>(
    {
      name: 'test.rules',
      text: `/* test.rules */
        select at, after from operator_log.entry
        where subject = $1 and action in ('room.create', 'room.change') order by entry_id`,
    },
    [room],
  );
  return rows.map(({ at, after }) => ({ fromMs: Date.parse(at), capacity: after.capacity ?? Infinity }));
}

/** Admissions after which more people were inside than the capacity of that moment. */
export async function overfull(database: Reader, room: string): Promise<string[]> {
  const [turns, rules] = [await readTurns(database, room), await readRules(database, room)];
  return turns.flatMap((turn, index) => {
    const atMs = turn.admittedMs;
    const inside = turns.slice(0, index + 1).filter((other) => other.endedMs > atMs).length;
    // A change in the very same millisecond may have come before or after.
    const near = rules.filter((rule, at) => {
      const untilMs = rules[at + 1]?.fromMs ?? Infinity;
      return rule.fromMs <= atMs + CUT_OFF_MS && untilMs >= atMs;
    });
    const most = Math.max(...near.map((rule) => rule.capacity));
    return inside > most ? [`${inside} inside when ${turn.number} came, of at most ${most}`] : [];
  });
}

/** Windows of the rate in which more were let in than it says. */
export async function overRate(
  database: Reader,
  room: string,
  rate: { readonly count: number; readonly windowMs: number },
): Promise<string[]> {
  const turns = await readTurns(database, room);
  return turns.flatMap((turn, index) => {
    const next = turns[index + rate.count];
    if (next === undefined || next.admittedMs - turn.admittedMs >= rate.windowMs - CUT_OFF_MS) return [];
    return [`${turn.number} to ${next.number} in ${next.admittedMs - turn.admittedMs} ms`];
  });
}

/** Turns that began before the turn of somebody with a lower number, who still stood in line then. */
export async function outOfOrder(database: Reader, room: string): Promise<string[]> {
  const turns = await readTurns(database, room);
  let highest = 0;
  return turns.flatMap((turn) => {
    const isLate = turn.number < highest;
    highest = Math.max(highest, turn.number);
    return isLate ? [`${turn.number} was let in after ${highest}`] : [];
  });
}
