/** The way between the instances and PostgreSQL, disturbed by proxies of our own. */
import type { Mode, Proxy } from '../proxy.ts';
import type { Play, Scenario } from '../scenario.ts';

const PASS: Mode = { kind: 'pass' };

async function disturbFor(play: Play, proxies: readonly Proxy[], mode: Mode, ms: number): Promise<void> {
  for (const proxy of proxies) proxy.disturb(mode);
  try {
    await play.last(ms);
  } finally {
    for (const proxy of proxies) proxy.disturb(PASS);
  }
}

export const networkScenarios: readonly Scenario[] = [
  {
    name: 'commit-answer-cut',
    does: 'For 12 s every eighth COMMIT of each instance reaches PostgreSQL, but its answer is cut off.',
    mustHold:
      'People are told that it is not known; the same key tells what was committed, and nothing is done twice.',
    needs: [],
    lastsMs: 12_000,
    stage: () => ({ proxies: 'all' }),
    disturb: async (play) => {
      const { proxies } = play.stage;
      await disturbFor(play, proxies, { kind: 'cut-answers', everyCommits: 8 }, 12_000);
      play.note(
        `${proxies.reduce((sum, proxy) => sum + proxy.answersCut, 0)} answers to a COMMIT were cut off`,
      );
    },
  },
  {
    name: 'database-far',
    does: 'For 15 s everything that the instances send to PostgreSQL takes 200 ms longer, give or take 100 ms.',
    mustHold: 'All goes on, slower; no pool runs dry for good.',
    needs: [],
    lastsMs: 15_000,
    stage: () => ({ proxies: 'all' }),
    disturb: (play) =>
      disturbFor(play, play.stage.proxies, { kind: 'latency', ms: 200, jitterMs: 100 }, 15_000),
  },
  {
    name: 'link-dead',
    does: 'For 15 s nothing passes between one instance and PostgreSQL, in either direction; nothing is refused.',
    mustHold: 'That one answers 503 in time and the others go on; its locks do not stay.',
    needs: [],
    lastsMs: 15_000,
    stage: () => ({ proxies: 'first' }),
    disturb: (play) => disturbFor(play, play.stage.proxies, { kind: 'blackhole' }, 15_000),
  },
  {
    name: 'links-reset',
    does: 'The links of the instances are reset one after the other, 3 s apart, and come back in another order.',
    mustHold: 'Pools fill again by themselves, every unknown outcome is all or nothing.',
    needs: [],
    lastsMs: 18_000,
    stage: () => ({ proxies: 'all' }),
    disturb: async (play) => {
      const down = [...play.stage.proxies];
      try {
        for (const proxy of down) {
          proxy.disturb({ kind: 'reset' });
          await play.last(3_000);
        }
        while (down.length > 0) {
          const [proxy] = down.splice(play.chance.between(0, down.length - 1), 1);
          proxy?.disturb(PASS);
          await play.last(3_000);
        }
      } finally {
        for (const proxy of play.stage.proxies) proxy.disturb(PASS);
      }
    },
  },
];
