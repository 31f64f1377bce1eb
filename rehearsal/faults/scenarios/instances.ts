/** Instances of the service that die, stand still or are replaced. */
import assert from 'node:assert/strict';
import type { Instance } from '../instance.ts';
import type { Play, Scenario } from '../scenario.ts';
import { HOLD_TTL_MS } from '../stage.ts';

function oneOf({ stage, chance }: Play): Instance {
  return chance.oneOf(stage.instances);
}

async function freezeFor(play: Play, ms: number): Promise<void> {
  const instance = oneOf(play);
  play.note(`instance ${instance.name} stood still for ${ms / 1000} s`);
  instance.freeze();
  try {
    await play.last(ms);
  } finally {
    instance.thaw();
  }
}

/** One at least stays up: starting takes seconds. */
async function killAgainAndAgain(play: Play): Promise<void> {
  const up = [...play.stage.instances];
  const starting = new Set<Promise<void>>();
  let kills = 0;
  try {
    const endMs = performance.now() + 25_000;
    while (performance.now() < endMs) {
      if (up.length > 1) {
        const [instance] = up.splice(play.chance.between(0, up.length - 1), 1);
        assert(instance !== undefined, 'one is up');
        await instance.kill();
        kills += 1;
        const start = instance.start().then(() => void up.push(instance));
        starting.add(start);
      }
      await play.last(play.chance.between(2_000, 4_000));
    }
  } finally {
    await Promise.all(starting);
  }
  play.note(`${kills} kills`);
}

export const instanceScenarios: readonly Scenario[] = [
  {
    name: 'instance-killed',
    does: 'For 25 s, every 2 to 4 s, one of the instances that are up is killed with SIGKILL and started again.',
    mustHold: 'Nothing answered is lost, the same key tells what became of what was not, the others go on.',
    needs: [],
    lastsMs: 30_000,
    disturb: killAgainAndAgain,
  },
  {
    name: 'instance-frozen',
    does: 'One of the instances stands still for 10 s (SIGSTOP) and goes on.',
    mustHold: 'The others take its readers over; what it does when it wakes up harms nobody.',
    needs: [],
    lastsMs: 10_000,
    disturb: (play) => freezeFor(play, 10_000),
  },
  {
    name: 'instance-frozen-long',
    does: `One of the instances stands still for 25 s, longer than a hold lasts here (${HOLD_TTL_MS / 1000} s).`,
    mustHold: 'Seats held through it go to others in time; it does not act on what was true before.',
    needs: [],
    lastsMs: 25_000,
    disturb: (play) => freezeFor(play, 25_000),
  },
  {
    name: 'rolling-restart',
    does: 'The instances are stopped with SIGTERM and started again, one after the other.',
    mustHold:
      'What is under way is finished; whoever comes too late is told so at once, and asks another instance.',
    needs: [],
    lastsMs: 30_000,
    disturb: async (play) => {
      for (const instance of play.stage.instances) {
        await instance.stop();
        await instance.start();
        await play.last(2_000);
      }
    },
  },
  {
    name: 'embedded-orphan',
    does: 'One instance with the embedded server: its process alone is killed, and started again, 3 times.',
    mustHold: 'The new one takes the server over that is still running; nothing is lost.',
    needs: [],
    lastsMs: 30_000,
    stage: () => ({ embedded: true }),
    disturb: async (play) => {
      const [instance] = play.stage.instances;
      assert(instance !== undefined, 'there is one instance');
      const pid = await play.stage.server.pid();
      for (let kills = 0; kills < 3; kills++) {
        await instance.kill();
        await instance.start();
        await play.last(3_000);
      }
      const isSame = (await play.stage.server.pid()) === pid;
      play.note(isSame ? 'the same PostgreSQL all the time' : 'PostgreSQL was started anew');
    },
  },
];
