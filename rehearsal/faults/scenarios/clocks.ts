/** One instance whose clock is wrong. The others' and the database's are right. */
import assert from 'node:assert/strict';
import { systemClock } from '../../../server/src/platform/clock.ts';
import type { FalseClock } from '../false-clock.ts';
import type { Play, Scenario } from '../scenario.ts';
import { ageOfS } from '../server-processes.ts';
import { libraryOf } from '../tools.ts';

const NEEDS = ['linux', 'libfaketime'] as const;
const LASTS_MS = 20_000;

async function misleadFor(play: Play, mislead: (clock: FalseClock) => void): Promise<void> {
  const { clock } = play.stage;
  assert(clock !== undefined, 'an instance has a clock of its own');
  mislead(clock);
  try {
    await play.last(LASTS_MS);
    play.note(`its clock was ${await aheadS(play)} s ahead in the end`);
  } finally {
    clock.set(0);
  }
}

/** As the instance itself says. */
async function aheadS(play: Play): Promise<number> {
  const { headers } = await fetch(`${misledOf(play).url}/livez`, { signal: AbortSignal.timeout(10_000) });
  return Math.round((Date.parse(headers.get('date') ?? '') - systemClock.wallMs()) / 1_000);
}

function misledOf({ stage }: Play) {
  const instance = stage.instances.at(-1);
  assert(instance !== undefined, 'the last instance has the clock');
  return instance;
}

const onOneClock = (
  name: string,
  does: string,
  mustHold: string,
  mislead: (clock: FalseClock, play: Play) => void,
): Scenario => ({
  name,
  does,
  mustHold,
  needs: NEEDS,
  lastsMs: LASTS_MS,
  turnsAway: ['queue.token-invalid', 'account.token-invalid'],
  stage: (tools) => ({ clockLibrary: libraryOf(tools) }),
  disturb: (play) => misleadFor(play, (clock) => mislead(clock, play)),
});

const DATABASE_DECIDES = 'Holds, turns and payments go by the database’s clock: none ends early or late.';

export const clockScenarios: readonly Scenario[] = [
  onOneClock(
    'clock-forward',
    'The clock of one instance is 10 minutes fast for 20 s.',
    `${DATABASE_DECIDES} Tokens that it signs meanwhile are good nowhere else, and nowhere at all for 9 minutes after.`,
    (clock) => clock.set(600),
  ),
  onOneClock(
    'clock-backward',
    'The clock of one instance is 10 minutes slow for 20 s.',
    `${DATABASE_DECIDES} It refuses what the others signed in the last 9 minutes: who comes to it from them has to log in anew.`,
    (clock) => clock.set(-600),
  ),
  onOneClock(
    'clock-drift',
    'The clock of one instance runs five times as fast for 20 s: after a quarter of a minute it is a minute ahead.',
    `${DATABASE_DECIDES} Until then nobody notices; tokens that it signs from then on are good nowhere else, and nowhere at all for some seconds after.`,
    (clock, play) => clock.race(5, ageOfS(misledOf(play).pid)),
  ),
];
