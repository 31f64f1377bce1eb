/** Nobody's view goes backwards: what one device was shown is never followed by what was true before. */
import type { PlaceState } from '#contract/http/queue.ts';
import type { ReservationStatus } from '#contract/http/reservations.ts';
import { createJudge, type Judge, type Judgement, seconds } from './judge.ts';
import { lookBack } from './look-back.ts';
import type { History, OkOf, ToldReservation } from './operation.ts';
import { type Person, selectOk } from './people.ts';

export function checkViews(
  { operations }: Pick<History, 'operations'>,
  people: readonly Person[],
): Judgement[] {
  const views = createJudge("nobody's view went backwards", 'I13');
  for (const person of people) {
    for (const own of Map.groupBy(person.operations, ({ device }) => device).values()) {
      const device = { ...person, operations: own };
      judgePlaces(views, device);
      judgeReservations(views, device);
      judgeEntries(views, device);
      judgeMaps(views, device);
    }
  }
  const contents = createJudge('one version of a map is one map', 'I13');
  judgeContents(contents, selectOk(operations, 'map'));
  return [views, contents].map((judge) => judge.judgement());
}

/** How far something has come; what is as far is not one behind the other. */
const PLACE_PROGRESS: Readonly<Record<PlaceState, number>> = {
  WAITING: 0,
  ACTIVE: 1,
  SPENT: 2,
  EXPIRED: 2,
  LEFT: 2,
};
const RESERVATION_PROGRESS: Readonly<Record<ReservationStatus, number>> = {
  HELD: 0,
  CONFIRMED: 1,
  CANCELLED: 2,
  EXPIRED: 2,
};

interface View {
  readonly id: number;
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly progress: number;
  readonly says: string;
}

/** Of one thing. Whatever is over has one end. */
function judgeProgress(judge: Judge, of: string, views: readonly View[]): void {
  const furthest = (sum: View | undefined, one: View) => (sum && sum.progress >= one.progress ? sum : one);
  for (const [view, before] of lookBack({ later: views, earlier: views }, undefined, furthest)) {
    if (before === undefined) continue;
    const isSame = view.progress > before.progress || view.says === before.says;
    judge.expect(
      isSame || (view.progress === before.progress && view.progress < 2),
      () =>
        `${of} was ${before.says} at ${seconds(before.answeredMs)}, and ${view.says} when asked at ${seconds(view.sentMs)}`,
      () => [before.id, view.id],
    );
  }
}

function judgePlaces(judge: Judge, { userId, operations }: Person): void {
  const looks = selectOk(operations, 'look');
  for (const [number, own] of Map.groupBy(looks, ({ told }) => told.number)) {
    const views = own.map((look) => toView(look, PLACE_PROGRESS[look.told.state], look.told.state));
    judgeProgress(judge, `place ${number} of ${userId}`, views);
  }
}

function toView(look: Pick<View, 'id' | 'sentMs' | 'answeredMs'>, progress: number, says: string): View {
  const { id, sentMs, answeredMs } = look;
  return { id, sentMs, answeredMs, progress, says };
}

type List = Pick<View, 'id' | 'sentMs' | 'answeredMs'> & { readonly told: readonly ToldReservation[] };

/** Also what was once in a list is in it for good. */
function judgeReservations(judge: Judge, { userId, operations }: Person): void {
  const single = selectOk(operations, 'reservation').map((look): List => ({ ...look, told: [look.told] }));
  const lists: readonly List[] = selectOk(operations, 'reservations');
  const views = [...single, ...lists].flatMap((look) =>
    look.told.map((told) => ({ told, view: toView(look, RESERVATION_PROGRESS[told.status], told.status) })),
  );
  for (const [reservationId, own] of Map.groupBy(views, ({ told }) => told.reservationId)) {
    judgeProgress(
      judge,
      `reservation ${reservationId} of ${userId}`,
      own.map(({ view }) => view),
    );
  }
  const seen = new Set<string>();
  const addAll = (sum: Set<string>, look: List) => {
    for (const { reservationId } of look.told) sum.add(reservationId);
    return sum;
  };
  for (const [list, before] of lookBack({ later: lists, earlier: [...single, ...lists] }, seen, addAll)) {
    const now = new Set(list.told.map(({ reservationId }) => reservationId));
    const lost = [...before].filter((reservationId) => !now.has(reservationId));
    judge.expect(
      lost.length === 0,
      () => `${userId} was shown ${lost.join()}, and not any more when asked at ${seconds(list.sentMs)}`,
      () => [list.id],
    );
  }
}

/** A wallet's entries only grow, at their end. */
function judgeEntries(judge: Judge, { userId, operations }: Person): void {
  const lists = selectOk(operations, 'entries');
  const longest = (sum: OkOf<'entries'> | undefined, one: OkOf<'entries'>) =>
    sum && sum.told.length >= one.told.length ? sum : one;
  for (const [list, before] of lookBack({ later: lists, earlier: lists }, undefined, longest)) {
    if (before === undefined) continue;
    const start = list.told.slice(0, before.told.length).map(({ transferId }) => transferId);
    judge.expect(
      start.join() === before.told.map(({ transferId }) => transferId).join(),
      () =>
        `${userId} had other entries at ${seconds(before.answeredMs)} than when asked at ${seconds(list.sentMs)}`,
      () => [before.id, list.id],
    );
  }
}

/** Of two maps that one instance sent, the later one has not the lower number in front of its hyphen. */
function judgeMaps(judge: Judge, { userId, operations }: Person): void {
  const maps = selectOk(operations, 'map');
  const newest = (sum: OkOf<'map'> | undefined, one: OkOf<'map'>) =>
    sum && ageOf(sum) >= ageOf(one) ? sum : one;
  const lines = Map.groupBy(maps, ({ instance, asked }) => `${instance} ${asked.performanceId}`);
  for (const own of lines.values()) {
    for (const [map, before] of lookBack({ later: own, earlier: own }, undefined, newest)) {
      if (before === undefined) continue;
      judge.expect(
        ageOf(map) >= ageOf(before),
        () =>
          `${userId} had the map ${before.told.version}, and ${map.told.version} when asked at ${seconds(map.sentMs)}`,
        () => [before.id, map.id],
      );
    }
  }
}

const VERSION_BASE = 36;

function ageOf({ told }: OkOf<'map'>): number {
  return Number.parseInt(told.version, VERSION_BASE);
}

function judgeContents(judge: Judge, maps: readonly OkOf<'map'>[]): void {
  const first = new Map<string, OkOf<'map'>>();
  for (const map of maps) {
    const version = `${map.asked.performanceId} ${map.told.version}`;
    const other = first.get(version);
    if (other === undefined) first.set(version, map);
    else {
      judge.expect(
        other.told.digest === map.told.digest && other.told.remaining === map.told.remaining,
        () => `the map ${map.told.version} is ${other.told.digest} and ${map.told.digest}`,
        () => [other.id, map.id],
      );
    }
  }
}
