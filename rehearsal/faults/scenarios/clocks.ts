/** One instance whose clock is wrong. The others' and the database's are right. */
import assert from 'node:assert/strict';
import type { Play, Scenario } from '../scenario.ts';
import { libraryOf } from '../tools.ts';

const NEEDS = ['linux', 'libfaketime'] as const;

async function misleadFor(play: Play, offset: string, ms: number): Promise<void> {
  const { clock } = play.stage;
  assert(clock !== undefined, 'an instance has a clock of its own');
  clock.set(offset);
  try {
    await play.last(ms);
  } finally {
    clock.set('+0');
  }
}

const onOneClock = (name: string, does: string, mustHold: string, offset: string): Scenario => ({
  name,
  does,
  mustHold,
  needs: NEEDS,
  lastsMs: 20_000,
  turnsAway: ['queue.token-invalid', 'account.token-invalid'],
  stage: (tools) => ({ clockLibrary: libraryOf(tools) }),
  disturb: (play) => misleadFor(play, offset, 20_000),
});

const DATABASE_DECIDES = 'Holds, turns and payments go by the database’s clock: none ends early or late.';

export const clockScenarios: readonly Scenario[] = [
  onOneClock(
    'clock-forward',
    'The clock of one instance is 10 minutes fast for 20 s.',
    `${DATABASE_DECIDES} Tokens that it signs meanwhile are good nowhere else, and nowhere at all for 9 minutes after.`,
    '+600',
  ),
  onOneClock(
    'clock-backward',
    'The clock of one instance is 10 minutes slow for 20 s.',
    `${DATABASE_DECIDES} It refuses what the others signed in the last 9 minutes: who comes to it from them has to log in anew.`,
    '-600',
  ),
  {
    ...onOneClock(
      'clock-drift',
      'The clock of one instance runs 5 % fast for 20 s.',
      `${DATABASE_DECIDES} Nobody notices.`,
      '+0 x1.05',
    ),
    turnsAway: [],
  },
];
