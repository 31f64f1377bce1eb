/**
 * Money: of every person there is an order of charges, payments and refunds that explains every balance that was
 * told; the entries add up to it, each was asked for, and all wallets together have what was put in.
 */
import { createJudge, idsOf, type Judge, type Judgement } from './judge.ts';
import { linearize, type Step } from './linearize.ts';
import type { ToldEntry } from './operation.ts';
import { type Action, type Person, selectOk } from './people.ts';
import type { Holds, Tenancy } from './tenancies.ts';

/** A person has some ten movements; the most that a wrong balance is searched for. */
const VISITS_MAX = 20_000;

/** With what each of them held. */
interface Customer extends Pick<Holds, 'tenancies' | 'traceless'> {
  readonly person: Person;
}

export function checkMoney(customers: readonly Customer[]): Judgement[] {
  const balances = createJudge('every balance that was told can be explained', 'I2');
  const entries = createJudge('the entries of a wallet add up', 'I2');
  const sums = createJudge('no money is made or lost', 'I2');
  for (const customer of customers) {
    judgeBalances(balances, customer);
    judgeEntries(entries, customer);
    judgeSum(sums, customer);
  }
  return [balances, entries, sums].map((judge) => judge.judgement());
}

function judgeBalances(judge: Judge, customer: Customer): void {
  const steps = stepsOf(customer);
  if (!steps.some((step) => step.tells)) return;
  const { userId, final } = customer.person;
  // What they cost nobody can know.
  const isOpen = final.reservations === null && customer.traceless.some(({ asked }) => asked.payNow);
  if (isOpen) return judge.leave();
  const found = linearize(steps, 0, VISITS_MAX);
  if (found.outcome === 'undecided') return judge.leave();
  judge.expect(
    found.outcome === 'order',
    () => {
      const stuck = found.outcome === 'none' ? found.stuck.map((index) => steps[index]?.says ?? '') : [];
      const order = found.order.map((index) => steps[index]?.says ?? '');
      return `${userId} was told of ${stuck.join(' and ')} after ${order.join(', ') || 'nothing'}`;
    },
    () => [...new Set(steps.flatMap(({ operations }) => operations))],
  );
}

interface MoneyStep extends Step<number> {
  readonly says: string;
  /** A balance was told. */
  readonly tells: boolean;
  readonly operations: readonly number[];
}

function stepsOf({ person, tenancies }: Customer): MoneyStep[] {
  const { charges, pays, operations } = person;
  return [
    ...charges.map((charge) => moved(charge, charge.asked.amount, charge.told?.balance, 'a charge')),
    ...tenancies.flatMap((tenancy) => paymentsOf(tenancy, pays)),
    ...selectOk(operations, 'wallet').map(({ id, sentMs, answeredMs, told }): MoneyStep => ({
      fromMs: sentMs,
      byMs: answeredMs,
      isCertain: true,
      apply: (balance) => (balance === told.balance ? balance : undefined),
      says: `the balance ${told.balance}`,
      tells: true,
      operations: [id],
    })),
  ];
}

/** What a reservation can have cost, and what can have come back. */
function paymentsOf(tenancy: Tenancy, pays: readonly Action<'pay'>[]): MoneyStep[] {
  const { reservationId, amount, payNow, granted, operations } = tenancy;
  const own = pays.filter(({ asked }) => asked.reservationId === reservationId);
  const steps = own.map((pay) => moved(pay, -(pay.told?.amount ?? amount), pay.told?.balance, 'a payment'));
  const byItself = { sentMs: granted.fromMs, answeredMs: Infinity, told: null };
  if (payNow) steps.push(moved({ ...byItself, tries: toTries(operations) }, -amount, undefined, 'a payment'));
  const fromMs = Math.min(...steps.map((step) => step.fromMs));
  if (steps.length > 0) {
    const refund = { sentMs: fromMs, answeredMs: Infinity, told: null, tries: toTries(operations) };
    steps.push(moved(refund, amount, undefined, 'a refund'));
  }
  return steps;
}

function toTries(operations: readonly number[]): { readonly id: number }[] {
  return operations.map((id) => ({ id }));
}

type Movement = Pick<Action<'charge'>, 'sentMs' | 'answeredMs'> & {
  readonly told: object | null;
  readonly tries: readonly { readonly id: number }[];
};

function moved(action: Movement, amount: number, told: number | undefined, name: string): MoneyStep {
  return {
    fromMs: action.sentMs,
    byMs: action.answeredMs,
    isCertain: action.told !== null,
    apply: (balance) => {
      const after = balance + amount;
      return after < 0 || (told !== undefined && told !== after) ? undefined : after;
    },
    says: `${name} of ${amount}${told === undefined ? '' : ` to ${told}`}`,
    tells: told !== undefined,
    operations: idsOf(action.tries),
  };
}

/** Each is the one before it and its amount; each was asked for, once; what was answered is among them. */
function judgeEntries(judge: Judge, customer: Customer): void {
  const { person } = customer;
  const { entries } = person.final;
  if (entries === null) return;
  const ids = idsOf(selectOk(person.operations, 'entries'));
  let before = 0;
  for (const entry of entries) {
    const isRight = entry.balanceAfter === before + entry.amount && entry.balanceAfter >= 0;
    const start = before;
    judge.expect(
      isRight,
      () => `${person.userId}: ${start} and ${describe(entry)}`,
      () => ids,
    );
    before = entry.balanceAfter;
  }
  const double = entries.filter(
    ({ transferId }, index) => entries.findIndex((other) => other.transferId === transferId) !== index,
  );
  judge.expect(
    double.length === 0,
    () => `${person.userId} has twice ${double.map(describe).join()}`,
    () => ids,
  );
  judgeOrder(judge, person, entries);
  judgeAnswered(judge, person, entries);
  judgePayments(judge, customer, entries);
}

/** What was answered before something else was asked stands before it. */
function judgeOrder(judge: Judge, { userId, charges, pays }: Person, entries: readonly ToldEntry[]): void {
  const done = [
    ...charges.map((charge) => ({
      ...charge,
      is: (e: ToldEntry) => e.transferId === charge.told?.transferId,
    })),
    ...pays.map((pay) => ({
      ...pay,
      is: (e: ToldEntry) => e.kind === 'PAYMENT' && e.reservationId === pay.asked.reservationId,
    })),
  ].filter(({ told }) => told !== null);
  const placed = done
    .map((action) => ({ ...action, place: entries.findIndex(action.is) }))
    .filter(({ place }) => place >= 0)
    .toSorted((a, b) => a.place - b.place);
  let latest = placed[0];
  for (const action of placed) {
    const before = latest ?? action;
    judge.expect(
      before.sentMs <= action.answeredMs,
      () =>
        `${userId} has as entry ${before.place + 1} what was asked after entry ${action.place + 1} was answered`,
      () => idsOf([...before.tries, ...action.tries]),
    );
    if (action.sentMs > before.sentMs) latest = action;
  }
}

/** What a charge or a payment was answered is what its entry says. */
function judgeAnswered(judge: Judge, person: Person, entries: readonly ToldEntry[]): void {
  for (const { told, asked, tries } of person.charges) {
    if (told === null) continue;
    const entry = entries.find(({ transferId }) => transferId === told.transferId);
    const isRight =
      entry?.kind === 'CHARGE' && entry.amount === asked.amount && entry.balanceAfter === told.balance;
    const found = entry === undefined ? 'nothing' : describe(entry);
    judge.expect(
      isRight,
      () => `${person.userId} charged ${asked.amount} to ${told.balance}; in the end there is ${found} of it`,
      () => idsOf(tries),
    );
  }
  for (const { told, asked, tries } of person.pays) {
    if (told === null) continue;
    const found = entries.filter(
      (entry) => entry.reservationId === asked.reservationId && entry.kind === 'PAYMENT',
    );
    const isRight =
      found.length === 1 && found[0]?.amount === -told.amount && found[0].balanceAfter === told.balance;
    const there = found.map(describe).join() || 'nothing';
    judge.expect(
      isRight,
      () =>
        `${person.userId} paid ${told.amount} for ${asked.reservationId} to ${told.balance}; there is ${there}`,
      () => idsOf(tries),
    );
  }
}

/** A reservation is paid once at most, and refunded once at most, after that. */
function judgePayments(judge: Judge, { person, tenancies }: Customer, entries: readonly ToldEntry[]): void {
  const amounts = new Map(tenancies.map(({ reservationId, amount }) => [reservationId, amount]));
  const moves = entries.filter(({ kind }) => kind !== 'CHARGE');
  for (const [reservationId, own] of Map.groupBy(moves, (entry) => entry.reservationId ?? '')) {
    const [payment, refund] = own;
    const amount = amounts.get(reservationId);
    const isRight =
      own.length <= 2 &&
      payment?.kind === 'PAYMENT' &&
      payment.amount === -(amount ?? Number.NaN) &&
      (refund === undefined || (refund.kind === 'REFUND' && refund.amount === amount));
    judge.expect(
      isRight,
      () =>
        `${person.userId} has for ${reservationId}, of ${amount ?? 'no'} won: ${own.map(describe).join()}`,
      () =>
        tenancies.flatMap((tenancy) => (tenancy.reservationId === reservationId ? tenancy.operations : [])),
    );
  }
}

function judgeSum(judge: Judge, { person }: Customer): void {
  const { entries, balance } = person.final;
  if (entries === null || balance === null) return;
  const sum = entries.reduce((total, { amount }) => total + amount, 0);
  judge.expect(
    sum === balance,
    () => `${person.userId} has ${balance}, and entries that come to ${sum}`,
    () => idsOf(selectOk(person.operations, 'wallet')),
  );
}

function describe({ kind, amount, balanceAfter }: ToldEntry): string {
  return `${kind} ${amount} to ${balanceAfter}`;
}
