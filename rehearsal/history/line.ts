/**
 * What people asked of a line and were answered, and what is wrong with it: judged from requests and answers
 * alone, never from the table.
 */
import { type Broken, createJudge, idsOf, type Judgement, seconds } from './judge.ts';
import { lookBack } from './look-back.ts';
import type { History, OkOf } from './operation.ts';
import { type Person, select, selectOk } from './people.ts';

/** One join that was answered. */
export interface JoinRecord extends Pick<OkOf<'join'>, 'id' | 'userId' | 'sentMs' | 'answeredMs'> {
  readonly told: Pick<OkOf<'join'>['told'], 'number' | 'fresh'>;
}

/** One look at one's place. */
export type LookRecord = Pick<OkOf<'look'>, 'id' | 'userId' | 'device' | 'sentMs' | 'answeredMs' | 'told'>;

export function checkLine({ room, operations }: History, people: readonly Person[]): Judgement[] {
  const joins = people.flatMap((person) => joinsOf(person, room));
  const looks = selectOk(operations, 'look').filter(({ asked }) => asked.room === room);
  const shown = [...looks, ...selectOk(operations, 'join').filter(({ asked }) => asked.room === room)];

  const order = createJudge('first come, first served', 'I6');
  order.take({ judged: joins.length, broken: overtakings(joins) });
  const patience = createJudge('nobody waits after somebody behind them was let in', 'I6');
  patience.take({ judged: shown.length, broken: overtakenWaiters(shown) });
  const positions = createJudge('a position never rises', 'I13');
  positions.take({ judged: looks.length, broken: rises(looks) });
  return [order, patience, positions].map((judge) => judge.judgement());
}

/** Those that were answered; what was answered may have been done by an earlier try without an answer. */
function joinsOf({ operations }: Person, room: string): JoinRecord[] {
  const joins = select(operations, 'join').filter(({ asked }) => asked.room === room);
  const unknown = joins.filter(({ outcome }) => outcome === 'unknown');
  const earliestMs = Math.min(...unknown.map(({ sentMs }) => sentMs));
  return selectOk(joins, 'join').map((join) => ({ ...join, sentMs: Math.min(join.sentMs, earliestMs) }));
}

/** People who were told more than one number, or whose place was new more than once; of a line that nobody leaves. */
export function secondPlaces(joins: readonly JoinRecord[]): Broken[] {
  const byUser = Map.groupBy(joins, (join) => join.userId);
  return [...byUser].flatMap(([userId, own]) => {
    const numbers = new Set(own.map((join) => join.told.number));
    const fresh = own.filter((join) => join.told.fresh).length;
    if (numbers.size === 1 && fresh === 1) return [];
    return [{ says: `${userId}: numbers ${[...numbers].join()}, ${fresh} fresh`, operations: idsOf(own) }];
  });
}

interface Came {
  readonly number: number;
  readonly id: number;
  /** The first of the requests for this place. */
  readonly sentMs: number;
  /** The first of its answers. */
  readonly answeredMs: number;
}

/** Pairs where a join was answered before the other was sent, and yet has the higher number. */
export function overtakings(joins: readonly JoinRecord[]): Broken[] {
  const places = Map.groupBy(joins, ({ userId, told }) => `${userId} ${told.number}`).values();
  const came = [...places].map((own): Came => ({
    number: own[0]?.told.number ?? 0,
    id: own[0]?.id ?? 0,
    sentMs: own.reduce((min, { sentMs }) => Math.min(min, sentMs), Infinity),
    answeredMs: own.reduce((min, { answeredMs }) => Math.min(min, answeredMs), Infinity),
  }));
  const highest = (sum: Came | undefined, one: Came) => (sum && sum.number > one.number ? sum : one);
  const found: Broken[] = [];
  for (const [person, before] of lookBack({ later: came, earlier: came }, undefined, highest)) {
    if (before === undefined || before.number <= person.number) continue;
    const says = `${person.number} was sent after ${before.number} was answered`;
    found.push({ says, operations: [before.id, person.id] });
  }
  return found;
}

/** Looks at one place by one device, one after the other, of which a later one shows more people ahead. */
export function rises(looks: readonly LookRecord[]): Broken[] {
  const places = Map.groupBy(looks, ({ userId, device, told }) => `${userId} ${device} ${told.number}`);
  const least = (sum: LookRecord | undefined, one: LookRecord) =>
    sum && sum.told.ahead <= one.told.ahead ? sum : one;
  return [...places.values()].flatMap((own) => {
    const found: Broken[] = [];
    for (const [look, before] of lookBack({ later: own, earlier: own }, undefined, least)) {
      if (before === undefined || look.told.ahead <= before.told.ahead) continue;
      const says = `${look.told.number}: ${before.told.ahead} ahead, later ${look.told.ahead}`;
      found.push({ says, operations: [before.id, look.id] });
    }
    return found;
  });
}

/** An instance tells people what it saw of the room a fifth of a second ago, and the machine may be busy. */
const VIEW_AGE_MAX_MS = 500;

/** People who were still told to wait, longer than a view is old, after somebody behind them was told to come in. */
export function overtakenWaiters(looks: readonly Omit<LookRecord, 'device'>[]): Broken[] {
  type Look = (typeof looks)[number];
  const earlier = looks.filter(({ told }) => told.state !== 'WAITING' && told.state !== 'LEFT');
  const later = looks.filter(({ told }) => told.state === 'WAITING');
  const highest = (sum: Look | undefined, one: Look) =>
    sum && sum.told.number > one.told.number ? sum : one;
  const found: Broken[] = [];
  const sides = { later, earlier, marginMs: VIEW_AGE_MAX_MS };
  for (const [look, before] of lookBack(sides, undefined, highest)) {
    if (before === undefined || look.told.number >= before.told.number) continue;
    const says = `${look.told.number} waits after ${before.told.number}, at ${seconds(look.sentMs)}`;
    found.push({ says, operations: [before.id, look.id] });
  }
  return found;
}
