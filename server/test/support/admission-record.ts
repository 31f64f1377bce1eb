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
  /** Null: no rate. */
  readonly rate: { readonly count: number; readonly windowMs: number } | null;
}

type Terms = Record<'capacity' | 'rateCount' | 'rateWindowMs', number | null>;

/** Longer than a change of the terms takes, on a busy machine, from the time that it acts at to its entry in the log. */
const CHANGE_MAX_MS = 2_000;

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

/** What was in force from when on, from the operator's log. */
async function readRules(database: Reader, room: string): Promise<Rule[]> {
  const rows = await database.rows<{ at: string; after: Terms }>(
    {
      name: 'test.rules',
      text: `/* test.rules */
        select at, after from operator_log.entry
        where subject = $1 and action in ('room.create', 'room.change') order by entry_id`,
    },
    [room],
  );
  return rows.map(({ at, after: { capacity, rateCount, rateWindowMs } }) => ({
    fromMs: Date.parse(at),
    capacity: capacity ?? Infinity,
    rate: rateCount === null || rateWindowMs === null ? null : { count: rateCount, windowMs: rateWindowMs },
  }));
}

/**
 * What was in force when somebody came: as a rule one thing. A change holds the room's lock from the time at which
 * it lets people in to its entry in the log, so those who came last before the entry may have come by the change
 * itself; and in the very same millisecond, before it or after it.
 */
function rulesAt(rules: readonly Rule[], turns: readonly Turn[], atMs: number): Rule[] {
  const nextMs = turns.find((turn) => turn.admittedMs > atMs)?.admittedMs ?? Infinity;
  return rules.filter((rule, index) => {
    const untilMs = rules[index + 1]?.fromMs ?? Infinity;
    const mayBeItsOwn = rule.fromMs < nextMs && rule.fromMs <= atMs + CHANGE_MAX_MS;
    return untilMs >= atMs && (rule.fromMs <= atMs || mayBeItsOwn);
  });
}

export interface Findings {
  /** Admissions beyond what was allowed. */
  readonly broken: readonly string[];
  /** Admissions that took the last of it: a bound that nobody ever came to was not tried. */
  readonly atTheBound: number;
}

/** How many were inside when somebody came, against the capacity of that moment. */
export async function checkCapacity(database: Reader, room: string): Promise<Findings> {
  const [turns, rules] = [await readTurns(database, room), await readRules(database, room)];
  const found = turns.map(({ number, admittedMs: atMs }, index) => {
    const inside = turns.slice(0, index + 1).filter((other) => other.endedMs > atMs).length;
    const allowed = rulesAt(rules, turns, atMs).map((rule) => rule.capacity);
    const most = Math.max(...allowed);
    const broken = inside > most ? [`${inside} inside when ${number} came, of at most ${most}`] : [];
    return { broken, isAtTheBound: allowed.every((capacity) => inside === capacity) };
  });
  return findingsOf(found);
}

/** How many had come in the window that ended when somebody came, against the rate of that moment. */
export async function checkRate(database: Reader, room: string): Promise<Findings> {
  const [turns, rules] = [await readTurns(database, room), await readRules(database, room)];
  const found = turns.map(({ number, admittedMs: atMs }, index) => {
    const tried = rulesAt(rules, turns, atMs).map(({ rate }) => {
      if (rate === null) return { left: Infinity, broken: '' };
      const { count, windowMs } = rate;
      const came = turns.slice(0, index + 1).filter((other) => other.admittedMs > atMs - windowMs).length;
      const broken = `${came} within ${windowMs} ms when ${number} came, of at most ${count}`;
      return { left: count - came, broken };
    });
    const broken = tried.every(({ left }) => left < 0) ? tried.slice(0, 1).map((rule) => rule.broken) : [];
    return { broken, isAtTheBound: tried.every(({ left }) => left === 0) };
  });
  return findingsOf(found);
}

function findingsOf(found: readonly { broken: readonly string[]; isAtTheBound: boolean }[]): Findings {
  return {
    broken: found.flatMap(({ broken }) => broken),
    atTheBound: found.filter(({ isAtTheBound }) => isAtTheBound).length,
  };
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
