/**
 * One person has one place in a line, and nobody else has it. Whoever has left, or whose turn is over, may join anew
 * and comes behind; whoever still waits may not be given another place, before or behind.
 */
import { createJudge, type Judge, type Judgement } from './judge.ts';
import { lookBack } from './look-back.ts';
import type { History, OkOf } from './operation.ts';
import { type Person, select, selectOk } from './people.ts';

export function checkPlaces(
  { room, operations }: Pick<History, 'room' | 'operations'>,
  people: readonly Person[],
): Judgement {
  const judge = createJudge('one person, one place', 'I5');
  const joins = selectOk(operations, 'join').filter(({ asked }) => asked.room === room);
  for (const [number, own] of Map.groupBy(joins, ({ told }) => told.number)) {
    const owners = new Set(own.map(({ userId }) => userId));
    const fresh = own.filter(({ told }) => told.fresh).length;
    judge.expect(
      owners.size === 1 && fresh <= 1,
      () => `place ${number} is of ${[...owners].join()}, and was new ${fresh} times`,
      () => own.map(({ id }) => id),
    );
  }
  const lowestWaiting = lowestWaitingAfter(operations, room);
  for (const person of people) judgeChanges(judge, person, room, lowestWaiting);
  return judge.judgement();
}

function judgeChanges(
  judge: Judge,
  { userId, operations }: Person,
  room: string,
  lowestWaiting: (ms: number) => number,
): void {
  const joins = selectOk(operations, 'join').filter(({ asked }) => asked.room === room);
  const leaves = select(operations, 'leave').filter(({ outcome }) => outcome !== 'refused');
  const latest = (sum: OkOf<'join'> | undefined, one: OkOf<'join'>) =>
    sum && sum.told.number >= one.told.number ? sum : one;
  for (const [join, before] of lookBack({ later: joins, earlier: joins }, undefined, latest)) {
    if (before === undefined) continue;
    const [was, is] = [before.told.number, join.told.number];
    const hasLeft = leaves.some(({ sentMs }) => sentMs <= join.answeredMs);
    // Somebody before them, or they themselves, were told to wait after that: it was not their turn yet.
    const wasWaiting = is > was && !hasLeft && lowestWaiting(join.answeredMs) <= was;
    judge.expect(
      is >= was && !wasWaiting,
      () => `${userId} had place ${was} and was given ${is}${wasWaiting ? ' while they waited' : ''}`,
      () => [before.id, join.id],
    );
  }
}

/** What somebody is told may be so old. */
const VIEW_AGE_MAX_MS = 500;

/** The lowest number that was told to wait in answer to a request that was sent after some moment. */
function lowestWaitingAfter(operations: History['operations'], room: string): (ms: number) => number {
  const looks = selectOk(operations, 'look')
    .filter(({ asked, told }) => asked.room === room && told.state === 'WAITING')
    .toSorted((a, b) => a.sentMs - b.sentMs);
  const lowest: number[] = [];
  let least = Infinity;
  for (const { told } of looks.toReversed()) lowest.push((least = Math.min(least, told.number)));
  lowest.reverse();
  return (ms) => {
    const index = looks.findIndex(({ sentMs }) => sentMs > ms + VIEW_AGE_MAX_MS);
    return lowest[index] ?? Infinity;
  };
}
