/**
 * Refuses from memory what the rows would refuse: the crowd on the same fifty seats costs no database work.
 *
 * Only the rows grant, and whatever they might answer otherwise goes to them: another problem, which they name
 * first, or the answer to an earlier request with the same key. That answer can only be owed to somebody who was
 * granted a seat here before. A board is behind by the log's lag: a seat that was released within it is refused,
 * as if the request had come that much sooner.
 */
import { type Refusal, refused } from '#contract/problems.ts';
import { FREE, type SeatBoard } from './board.ts';
import type { HoldRequest } from './seat.ts';

/** Undefined: the rows decide. The time is the database's, as far as it is known here. */
export function refuseKnownTaken(request: HoldRequest, board: SeatBoard, nowMs: number): Refusal | undefined {
  const { userId, seatNos, turn } = request;
  const { room, seatsPerPerson, saleOpensAtMs, saleClosesAtMs } = board.terms;
  const isOnSale = nowMs >= saleOpensAtMs && nowMs < saleClosesAtMs;
  const isAllowed = seatNos.length <= seatsPerPerson && seatNos.every((seatNo) => seatNo <= board.seatCount);
  if (turn.room !== room || !isOnSale || !isAllowed || board.mayHaveBought(userId)) return undefined;
  const taken = seatNos.filter((seatNo) => board.stateOf(seatNo) !== FREE);
  return taken.length === 0 ? undefined : refused('seats.taken', { seats: taken });
}
