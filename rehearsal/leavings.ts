/** What a rehearsal leaves in the service, in words: accounts and what they bought are as real as any others. */
import type { Rehearsal } from './rehearse.ts';
import { number } from './report/words.ts';

/** Undefined: the performance was there before, and its room stays as it is. */
export type OwnRoom = { readonly isClosed: boolean } | undefined;

export function leavingsOf({ target, stories }: Rehearsal, room: OwnRoom): string {
  const accounts = stories.filter(({ userId }) => userId !== '').length;
  const seats = stories.reduce((sum, story) => sum + story.seats, 0);
  const bought = `${number(accounts)} guest accounts with play money, and ${number(seats)} seats that they bought`;
  if (room === undefined) return `${bought} of performance ${target.performanceId}, which nobody will use`;
  const line = room.isClosed
    ? `whose line ${target.room} is closed`
    : `whose line ${target.room} could not be closed: close it at the operator’s desk`;
  return `${bought}; the concert of performance ${target.performanceId}, ${line}, and whose sale ends by itself within hours`;
}
