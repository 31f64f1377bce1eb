/** What became of the seats and of the holds on them, in the same words on the page and in the terminal. Pure. */
import type { Rehearsal } from '../rehearse.ts';
import type { Verdict } from '../verdict.ts';
import { number } from './words.ts';

/** The crowd can have no more than were free when it came. */
export function seatsOffered({ target, history }: Rehearsal): number {
  return target.seatCount - history.takenBefore.length;
}

/** `60 seats`, or what was still free of them. */
export function offerWords(rehearsal: Rehearsal): string {
  const offered = seatsOffered(rehearsal);
  const { seatCount } = rehearsal.target;
  return offered === seatCount
    ? `${number(offered)} seats`
    : `${number(offered)} seats that were still free, of ${number(seatCount)}`;
}

export function leftWords({ standing: { free, held, sold } }: Rehearsal): string {
  if (free + held + sold === 0) return 'how many seats were left was not seen';
  const left = `${number(free + held)} seats were left`;
  return held === 0 ? left : `${left}, ${number(held)} of them still held`;
}

/** All that were granted, whether or not that was answered. */
export function holdsGranted({ history }: Verdict): number {
  return history.coverage.grants;
}

/** How holds came to their end, as everybody saw it in the list of their reservations when all was over. */
export function holdEndings({ history: { coverage } }: Verdict): (readonly [what: string, count: number])[] {
  return [
    ['lapsed: not paid in time', coverage.lapsed],
    ['given back, or taken back unpaid', coverage.givenBack],
    ['refunded: paid, and the money came back', coverage.refunded],
  ];
}

/** Empty when everybody's end is known. */
export function unseenWords({ history: { coverage } }: Verdict): string {
  const { people, peopleUnseen } = coverage;
  return peopleUnseen === 0 ? '' : `Not known of ${number(peopleUnseen)} of ${number(people)} people.`;
}
