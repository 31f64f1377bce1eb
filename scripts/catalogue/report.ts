/** The last words of an import: what the service has confirmed, and what to do next. Nothing else is known. */
import type { Delivery } from './deliver.ts';
import { type Kind, KINDS } from './file.ts';
import { counted, duration, number } from './progress.ts';

/** What ended an import before its end. */
export type Cut = 'interrupted' | 'service away' | 'operator unknown';

const WHEN: Readonly<Record<Cut, string>> = {
  interrupted: 'The same command goes on with it',
  'service away': 'When the service answers again, the same command goes on with it',
  'operator unknown': "With the operator's token in OPERATOR_TOKEN the same command goes on with it",
};

/** For an import that was cut off. What it does not name may be there all the same, from before. */
export function reportCut(delivery: Delivery, cut: Cut): string {
  const confirmed = confirmedBy(delivery);
  const what =
    confirmed === '' ? 'the service has confirmed nothing of the file' : `there so far: ${confirmed}`;
  return `${what}\n${WHEN[cut]} and makes nothing twice.\n`;
}

/** For an import that came to its end. */
export function reportEnd(delivery: Delivery, tookS: number): string {
  const confirmed = confirmedBy(delivery);
  const what = `there after ${duration(tookS)}: ${confirmed === '' ? 'nothing' : confirmed}\n`;
  return delivery.isComplete
    ? `${what}All of the file is there.\n`
    : `${what}Not all of the file is there. When what was refused is put right, the same command brings the rest and makes nothing twice.\n`;
}

/** What was answered. A kind that nothing is known of is left out. */
function confirmedBy({ counts, seats }: Delivery): string {
  const known = KINDS.filter((kind) => counts[kind].there > 0);
  const parts = known.map(
    (kind) => `${counted(counts[kind].there, kind)} (${number(counts[kind].before)} before)`,
  );
  if (seats.done > 0) parts.push(`${number(seats.done)} of ${counted(seats.total, 'seats')}`);
  return parts.join(', ');
}

const SHOWN_BY: Readonly<Record<Kind, string>> = {
  venues: 'GET /api/v1/admin/venues',
  concerts: 'GET /api/v1/concerts/{concertId}',
  performances: 'GET /api/v1/concerts/{concertId}/performances',
};

/** What to do about entries that differ from what was imported under their keys; empty when there are none. */
export function adviceOnChanged({ refused }: Delivery): string {
  const changed = refused.filter(({ isChanged }) => isChanged);
  const shown = KINDS.filter((kind) => changed.some((entry) => entry.kind === kind)).map(
    (kind) => `  ${SHOWN_BY[kind]} shows the ${kind} as they are there`,
  );
  if (shown.length === 0) return '';
  return `Of what was imported the service keeps a fingerprint under the key, so it cannot say which field differs:
${shown.join('\n')}
Put the entry back as it was imported, or give what is new a new key. A performance differs as well when the venue, the
layout or the concert that it names is another one.
`;
}
