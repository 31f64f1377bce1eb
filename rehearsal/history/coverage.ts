/**
 * How often what makes a history worth judging was in it. A run without contention, lapses or lost answers shows little,
 * however clean it is.
 */
import type { History } from './operation.ts';
import type { Person } from './people.ts';
import type { Holds } from './tenancies.ts';
import { bySeat } from './seats.ts';
import { type Resolved, resolveUnknowns } from './unknowns.ts';

export interface Coverage {
  readonly operations: number;
  readonly people: number;
  /** Of them, whose end is not known: nobody looked, or got no answer. */
  readonly peopleUnseen: number;
  /** People who asked with more than one device. */
  readonly peopleOnDevices: number;
  readonly refused: number;
  readonly unknown: number;
  readonly resolved: Resolved;
  /** Answers to a key that had been answered before. */
  readonly replays: number;
  readonly grants: number;
  /** Holds that were refused because somebody had the seats. */
  readonly refusals: number;
  readonly seatsSold: number;
  /** Seats that several people asked for. */
  readonly seatsContended: number;
  /** Seats that had more than one owner, one after the other. */
  readonly seatsHandedOn: number;
  readonly givenBack: number;
  readonly lapsed: number;
  readonly refunded: number;
}

type Customer = Holds & { readonly person: Person };

export function coverageOf(history: History, customers: readonly Customer[]): Coverage {
  const { operations, performanceId } = history;
  const people = customers.map(({ person }) => person);
  const actions = people.flatMap(({ holds, charges, pays }) => [...holds, ...charges, ...pays]);
  const tenancies = customers.flatMap((customer) => customer.tenancies);
  const owners = [...bySeat(performanceId, tenancies).values()];
  const final = people.flatMap((person) => [...(person.final.reservations?.values() ?? [])]);
  const withStatus = (status: string) => final.filter((reservation) => reservation.status === status);
  const entries = people.flatMap((person) => person.final.entries ?? []);
  return {
    operations: operations.length,
    people: people.length,
    peopleUnseen: people.filter((person) => person.final.reservations === null).length,
    peopleOnDevices: people.filter(
      (person) => new Set(person.operations.map(({ device }) => device)).size > 1,
    ).length,
    refused: operations.filter(({ outcome }) => outcome === 'refused').length,
    unknown: operations.filter(({ outcome }) => outcome === 'unknown').length,
    resolved: resolveUnknowns(customers),
    replays: actions.reduce((sum, { answers }) => sum + Math.max(0, answers.length - 1), 0),
    grants: tenancies.length,
    refusals: operations.filter((one) => one.outcome === 'refused' && one.problem === 'seats.taken').length,
    seatsSold: withStatus('CONFIRMED').reduce((sum, { seats }) => sum + seats.length, 0),
    seatsContended: contended(history),
    seatsHandedOn: owners.filter((own) => own.length > 1).length,
    givenBack: withStatus('CANCELLED').length,
    lapsed: withStatus('EXPIRED').length,
    refunded: entries.filter(({ kind }) => kind === 'REFUND').length,
  };
}

function contended({ operations, performanceId }: History): number {
  const wanted = new Map<number, Set<string>>();
  for (const one of operations) {
    if (one.what !== 'hold' || one.asked.performanceId !== performanceId) continue;
    for (const seat of one.asked.seats) wanted.set(seat, (wanted.get(seat) ?? new Set()).add(one.userId));
  }
  return [...wanted.values()].filter((people) => people.size > 1).length;
}
