/**
 * A history by person: the tries of one action together, and what was true of everybody in the end.
 */
import type {
  AskedOf,
  History,
  OkOf,
  Operation,
  OperationOf,
  ToldEntry,
  ToldOf,
  ToldReservation,
  What,
} from './operation.ts';

/** What somebody wanted once, however often it was sent: all tries have one key. */
export interface Action<W extends What> {
  readonly userId: string;
  readonly asked: AskedOf<W>;
  /** Without those that were refused: nothing happened by them. */
  readonly tries: readonly OperationOf<W>[];
  /** It did not happen before. */
  readonly sentMs: number;
  /** It had happened by then. Infinity: nobody was told. */
  readonly answeredMs: number;
  /** Null: its outcome is unknown. */
  readonly told: ToldOf<W> | null;
  /** Every answer that said that it had happened. */
  readonly answers: readonly ToldOf<W>[];
}

/** What was told when everything was over. Null: it was not asked, or not answered. */
export interface Final {
  readonly reservations: ReadonlyMap<string, ToldReservation> | null;
  readonly entries: readonly ToldEntry[] | null;
  readonly balance: number | null;
  readonly tickets: ToldOf<'tickets'> | null;
}

export interface Person {
  readonly userId: string;
  /** In the order in which they were sent. */
  readonly operations: readonly Operation[];
  readonly holds: readonly Action<'hold'>[];
  readonly charges: readonly Action<'charge'>[];
  readonly pays: readonly Action<'pay'>[];
  readonly giveBacks: readonly Action<'give-back'>[];
  readonly final: Final;
}

/** Whoever asks for an account is nobody yet, and no person. */
export function peopleOf({ operations }: History): Person[] {
  const byName = Map.groupBy(operations, ({ userId }) => userId);
  byName.delete('');
  return [...byName].map(([userId, own]) => ({
    userId,
    operations: own,
    holds: actionsOf(own, 'hold'),
    charges: actionsOf(own, 'charge'),
    pays: actionsOf(own, 'pay'),
    giveBacks: actionsOf(own, 'give-back'),
    final: finalOf(own),
  }));
}

export function select<W extends What>(operations: readonly Operation[], what: W): OperationOf<W>[] {
  const isOne = (operation: Operation) => operation.what === what;
  return operations.filter(isOne) as OperationOf<W>[];
}

/** Those of them that were answered 2xx. */
export function selectOk<W extends What>(operations: readonly Operation[], what: W): OkOf<W>[] {
  return select(operations, what).filter((operation): operation is OkOf<W> => operation.outcome === 'ok');
}

function actionsOf<W extends What>(operations: readonly Operation[], what: W): Action<W>[] {
  const tries = select(operations, what).filter(({ outcome }) => outcome !== 'refused');
  // What has no key is done anew by each try.
  const byKey = Map.groupBy(tries, ({ id, key }) => key ?? id);
  return [...byKey.values()].flatMap((own) => toAction(own) ?? []);
}

function toAction<W extends What>(tries: readonly OperationOf<W>[]): Action<W> | undefined {
  const ok = tries.filter((operation): operation is OkOf<W> => operation.outcome === 'ok');
  const [first = tries[0]] = ok;
  if (first === undefined) return undefined;
  return {
    userId: first.userId,
    asked: first.asked,
    tries,
    sentMs: tries.reduce((min, { sentMs }) => Math.min(min, sentMs), Infinity),
    answeredMs: ok.reduce((min, { answeredMs }) => Math.min(min, answeredMs), Infinity),
    told: ok[0]?.told ?? null,
    answers: ok.map(({ told }) => told),
  };
}

function finalOf(own: readonly Operation[]): Final {
  const final = own.filter(({ isFinal }) => isFinal);
  const reservations = selectOk(final, 'reservations').at(-1)?.told;
  return {
    reservations:
      reservations === undefined
        ? null
        : new Map(reservations.map((reservation) => [reservation.reservationId, reservation])),
    entries: selectOk(final, 'entries').at(-1)?.told ?? null,
    balance: selectOk(final, 'wallet').at(-1)?.told.balance ?? null,
    tickets: selectOk(final, 'tickets').at(-1)?.told ?? null,
  };
}
