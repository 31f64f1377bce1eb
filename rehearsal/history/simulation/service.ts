/**
 * The service in small, in memory and virtual time: what it decides at once, and what follows a little later. Right
 * but for the one bug that it is given.
 */
import type { AskedOf, ToldReservation } from '../operation.ts';
import type { Answered } from '../recorder.ts';
import { SimulatedBoards } from './boards.ts';
import { SimulatedLine } from './line.ts';
import type { Nature } from './nature.ts';
import { SimulatedWallets } from './wallets.ts';

interface Reservation {
  readonly reservationId: string;
  readonly userId: string;
  readonly turn: number;
  seats: number[];
  readonly amount: number;
  status: ToldReservation['status'];
  /** What is due for it. */
  payment: 'DUE' | 'PAID' | 'CLOSED' | 'LAPSED';
  readonly expiresAtMs: number;
}

export interface Terms {
  readonly seats: number;
  readonly priceKrw: number;
  readonly holdTtlMs: number;
}

export class SimulatedService {
  readonly line: SimulatedLine;
  readonly wallets: SimulatedWallets;
  readonly boards: SimulatedBoards;
  readonly #nature: Nature;
  readonly #terms: Terms;
  readonly #owners = new Map<number, Reservation>();
  readonly #reservations = new Map<string, Reservation>();
  readonly #holds = new Map<string, Answered<'hold'>>();
  readonly #pays = new Map<string, Answered<'pay'>>();
  /** What each turn was spent on. */
  readonly #spent = new Map<number, string>();
  readonly #shown = new Map<string, ToldReservation[]>();
  #lastId = 0;

  constructor(nature: Nature, terms: Terms) {
    this.#nature = nature;
    this.#terms = terms;
    this.line = new SimulatedLine(nature);
    this.wallets = new SimulatedWallets(nature);
    this.boards = new SimulatedBoards(nature, terms.seats);
  }

  hold(userId: string, key: string, asked: AskedOf<'hold'>, instance: number): Answered<'hold'> {
    const { goesWrong } = this.#nature;
    const known = this.#holds.get(`${userId} ${key}`);
    if (known !== undefined && !goesWrong('holds anew for an old key')) return known;
    const turn = this.line.turnOf(userId);
    if (turn === undefined || !this.line.hasTurn(userId)) return refused(403, 'queue.not-admitted');
    const never = asked.seats.filter((seat) => this.boards.isUntouched(seat));
    if (never.length > 0 && goesWrong('says taken of what nobody ever had')) return taken(never);
    const remembered = this.boards.knownTaken(instance, userId, asked.seats);
    if (remembered.length > 0) return taken(remembered);
    const occupied = asked.seats.filter((seat) => this.#owners.has(seat));
    const mayTake = known !== undefined || goesWrong('sells a seat twice');
    if (occupied.length > 0 && !mayTake) return taken(occupied);
    const isHalf = asked.seats.length > 1 && goesWrong('keeps half of a hold');
    const reservation = this.#grant(userId, turn, isHalf ? asked.seats.slice(1) : asked.seats);
    if (asked.payNow) this.#later(() => this.#payAtOnce(reservation));
    if (isHalf) return { status: 500, outcome: 'unknown', problem: 'service.bug' };
    const { reservationId, amount } = reservation;
    const answer = { status: 201, outcome: 'ok', told: { reservationId, amount } } as const;
    this.#holds.set(`${userId} ${key}`, answer);
    return answer;
  }

  #grant(userId: string, turn: number, seats: readonly number[]): Reservation {
    const { time, chance, goesWrong } = this.#nature;
    const { holdTtlMs, priceKrw } = this.#terms;
    const ttlMs = goesWrong('lets a hold lapse before its time') ? holdTtlMs / 8 : holdTtlMs;
    const reservation: Reservation = {
      reservationId: `reservation-${++this.#lastId}`,
      userId,
      turn,
      seats: [...seats],
      amount: seats.length * priceKrw,
      status: 'HELD',
      payment: 'DUE',
      expiresAtMs: time.nowMs() + ttlMs,
    };
    this.#reservations.set(reservation.reservationId, reservation);
    for (const seat of seats) this.#owners.set(seat, reservation);
    this.boards.tell(seats, true, userId);
    time.schedule(ttlMs + chance.between(1, 300), () => this.#lapse(reservation));
    if (goesWrong('forgets a hold')) {
      this.#later(() => {
        this.#reservations.delete(reservation.reservationId);
        this.#free(reservation);
      });
    }
    if (goesWrong('cancels what nobody gave back')) this.#later(() => this.#cancel(reservation));
    return reservation;
  }

  giveBack(userId: string, reservationId: string): Answered<'give-back'> {
    const found = this.#find(userId, reservationId);
    if (found === undefined) return refused(404, 'reservation.not-found');
    if (found.status !== 'HELD' && found.status !== 'CANCELLED') return refused(409, 'reservation.not-held');
    if (found.status === 'HELD' && !this.#nature.goesWrong('forgets that seats were given back'))
      this.#cancel(found);
    return { status: 204, outcome: 'ok', told: null };
  }

  pay(userId: string, key: string, reservationId: string): Answered<'pay'> {
    const { goesWrong, time } = this.#nature;
    const known = this.#pays.get(`${userId} ${key}`);
    if (known !== undefined) return known;
    const found = this.#find(userId, reservationId);
    if (found === undefined) return refused(404, 'reservation.not-found');
    const isLate = found.payment === 'LAPSED' || time.nowMs() >= found.expiresAtMs;
    const isKind =
      isLate && found.payment !== 'PAID' && goesWrong('takes the money after the hold has lapsed');
    const turn = this.line.turnOf(userId);
    if (!isKind && (turn === undefined || !this.line.hasTurn(userId))) return refused(403, 'queue.turn-over');
    if (found.payment === 'PAID') return refused(409, 'payment.already-paid');
    if (isLate && !isKind) return refused(409, 'payment.lapsed');
    if (found.payment === 'CLOSED') return refused(409, 'payment.closed');
    if (this.wallets.balanceOf(userId) < found.amount) return refused(402, 'wallet.insufficient');
    if (goesWrong('takes the money without a sale')) {
      this.wallets.move(userId, 'PAYMENT', -found.amount, reservationId);
      return { status: 500, outcome: 'unknown', problem: 'service.bug' };
    }
    const { balanceAfter: balance } = this.#take(found, turn ?? found.turn, isKind);
    const told = { paymentId: `payment of ${reservationId}`, amount: found.amount, balance };
    const answer = { status: 201, outcome: 'ok', told } as const;
    this.#pays.set(`${userId} ${key}`, answer);
    return answer;
  }

  /** The money now; the sale, and the end of the turn, a little later. */
  #take(reservation: Reservation, turn: number, isKind = false) {
    const { goesWrong } = this.#nature;
    const { userId, amount, reservationId } = reservation;
    const entry = this.wallets.move(userId, 'PAYMENT', -amount, reservationId);
    if (goesWrong('forgets a payment')) return entry;
    reservation.payment = 'PAID';
    this.#later(() => {
      const by = this.#spent.get(turn) ?? reservationId;
      if (by !== reservationId || goesWrong('refunds the only purchase')) {
        this.#refund(reservation);
        if (reservation.status === 'HELD' || reservation.status === 'CONFIRMED')
          reservation.status = 'CANCELLED';
        this.#later(() => this.#free(reservation));
        return;
      }
      this.#spent.set(turn, reservationId);
      this.line.spend(turn);
      if (reservation.status === 'HELD' || isKind) reservation.status = 'CONFIRMED';
    });
    return entry;
  }

  #payAtOnce(reservation: Reservation): void {
    if (reservation.payment !== 'DUE' || this.#nature.time.nowMs() >= reservation.expiresAtMs) return;
    if (this.wallets.balanceOf(reservation.userId) >= reservation.amount)
      this.#take(reservation, reservation.turn);
    else {
      reservation.payment = 'CLOSED';
      this.#later(() => {
        if (reservation.status === 'HELD') reservation.status = 'CANCELLED';
        this.#free(reservation);
      });
    }
  }

  #cancel(reservation: Reservation): void {
    reservation.status = 'CANCELLED';
    this.#later(() => this.#free(reservation));
    // Until payments hears of it, it can still be paid.
    this.#later(() => {
      if (reservation.payment === 'DUE') reservation.payment = 'CLOSED';
      this.#refund(reservation);
    });
  }

  #refund(reservation: Reservation): void {
    if (reservation.payment !== 'PAID') return;
    reservation.payment = 'CLOSED';
    this.wallets.move(reservation.userId, 'REFUND', reservation.amount, reservation.reservationId);
  }

  #lapse(reservation: Reservation): void {
    if (reservation.payment !== 'DUE') return;
    reservation.payment = 'LAPSED';
    this.#later(() => {
      if (reservation.status === 'HELD') reservation.status = 'EXPIRED';
      if (!this.#nature.goesWrong('forgets to free what has lapsed')) this.#free(reservation);
    });
  }

  #free(reservation: Reservation): void {
    const own = reservation.seats.filter((seat) => this.#owners.get(seat) === reservation);
    for (const seat of own) this.#owners.delete(seat);
    if (own.length > 0) this.boards.tell(own, false, reservation.userId);
  }

  reservations(userId: string): Answered<'reservations'> {
    const { goesWrong, chance } = this.#nature;
    const own = [...this.#reservations.values()].filter((reservation) => reservation.userId === userId);
    const before = this.#shown.get(userId) ?? [];
    const told = own.map(({ reservationId, status, seats, amount }) => ({
      reservationId,
      status,
      seats: [...seats],
      amount,
    }));
    this.#shown.set(userId, [...before, ...told]);
    if (!goesWrong('shows reservations of long ago')) return { status: 200, outcome: 'ok', told };
    const old = told.map((now) =>
      chance.oneOf([now, ...before.filter((one) => one.reservationId === now.reservationId)]),
    );
    return { status: 200, outcome: 'ok', told: old };
  }

  tickets(userId: string): Answered<'tickets'> {
    const own = [...this.#reservations.values()].filter(
      (one) => one.userId === userId && one.status === 'CONFIRMED',
    );
    const told = own.flatMap(({ reservationId, seats }) =>
      seats.map((seat) => ({ reservationId, performanceId: 1, seat })),
    );
    if (this.#nature.goesWrong('issues a ticket too few')) told.pop();
    return { status: 200, outcome: 'ok', told };
  }

  /** What another service does when it hears of it. */
  #later(act: () => void): void {
    const { time, chance } = this.#nature;
    time.schedule(chance.between(1, 80), act);
  }

  #find(userId: string, reservationId: string): Reservation | undefined {
    const found = this.#reservations.get(reservationId);
    return found?.userId === userId ? found : undefined;
  }
}

function refused(status: number, problem: string) {
  return { status, outcome: 'refused', problem } as const;
}

function taken(seats: readonly number[]) {
  return { status: 409, outcome: 'refused', problem: 'seats.taken', taken: seats } as const;
}
