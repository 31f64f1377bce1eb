/** Disks that are slow, fail, are full, or lose their power. */
import assert from 'node:assert/strict';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from '../image.ts';
import type { Play, Scenario } from '../scenario.ts';
import { childrenOf, signalFamily } from '../server-processes.ts';
import { disturbCalls } from '../tracer.ts';
import { isServing, serverPid } from './postgres.ts';

const SYNCS = ['fsync', 'fdatasync'];
const IMAGE_MIB = 640;
const BACK_MAX_MS = 60_000;

async function serverFamily(play: Play): Promise<number[]> {
  const pid = await serverPid(play);
  return [pid, ...childrenOf(pid)];
}

function imageOf({ stage }: Play): Image {
  assert(stage.image !== undefined, 'the data lie on an image');
  return stage.image;
}

async function untilServing(play: Play): Promise<void> {
  const backMs = await play.until('PostgreSQL answers', () => isServing(play), BACK_MAX_MS);
  play.note(`PostgreSQL answered again after ${(backMs / 1000).toFixed(1)} s`);
}

/** The whole machine goes: disk, PostgreSQL and instances; then it is switched on again. */
async function cutPower(play: Play): Promise<void> {
  const { instances, ownServer } = play.stage;
  const image = imageOf(play);
  const pid = await serverPid(play);
  assert(ownServer !== undefined, 'the server is ours');
  await image.cutPower();
  signalFamily(pid, 'SIGKILL');
  await Promise.all([...instances.map((instance) => instance.kill()), ownServer.stop()]);
  await image.switchOn();
  await removeEmptyLocks(image);
  await ownServer.start();
  await Promise.all(instances.map((instance) => instance.start()));
}

/** What a server that does not sync leaves of its locks, at which the next one would stop. */
async function removeEmptyLocks({ folder }: Image): Promise<void> {
  for (const name of ['postmaster.pid', '.s.PGSQL.5432.lock']) {
    const lock = join(folder, 'postgres', name);
    const found = await stat(lock).catch(() => undefined);
    if (found?.size === 0) await rm(lock);
  }
}

export const diskScenarios: readonly Scenario[] = [
  {
    name: 'fsync-slow',
    does: 'For 15 s every fsync and fdatasync of PostgreSQL takes 0.5 s longer.',
    mustHold: 'What is written takes longer, in larger sets; nothing is refused that could be served.',
    needs: ['linux', 'root', 'strace'],
    lastsMs: 15_000,
    disturb: async (play) => {
      await using tracer = await disturbCalls(await serverFamily(play), SYNCS, 'delay_exit=500000');
      await play.last(15_000);
      play.note(`${tracer.disturbed} calls were slowed down`);
    },
  },
  {
    name: 'fsync-failing',
    does: 'An fsync of PostgreSQL fails with EIO.',
    mustHold: 'PostgreSQL stops there and recovers from its log; nothing answered is lost.',
    needs: ['linux', 'root', 'strace'],
    lastsMs: 10_000,
    disturb: async (play) => {
      {
        await using tracer = await disturbCalls(await serverFamily(play), SYNCS, 'error=EIO:when=1');
        await Promise.race([tracer.first, play.last(20_000)]);
        assert(tracer.disturbed > 0, 'somebody synced in the meantime');
      }
      await untilServing(play);
      await play.last(3_000);
    },
  },
  {
    name: 'disk-full',
    does: 'The disk of PostgreSQL is filled to the last MiB for 15 s, then there is room again.',
    mustHold: 'What cannot be written is answered with 503; it goes on by itself when there is room.',
    needs: ['linux', 'root', 'loop devices'],
    lastsMs: 20_000,
    stage: () => ({ imageMib: IMAGE_MIB }),
    disturb: async (play) => {
      const image = imageOf(play);
      await image.fill(0);
      try {
        // A file of the log is made at once; there would be room in the last one for a while.
        await play.stage.server.query('select pg_switch_wal()').catch(() => {});
        await play.last(15_000);
        play.note((await isServing(play)) ? 'PostgreSQL answered all the time' : 'PostgreSQL had stopped');
      } finally {
        await image.empty();
      }
      await untilServing(play);
    },
  },
  {
    name: 'power-cut',
    does: 'The disk loses its power under load and everything on the machine dies; it is switched on again.',
    mustHold: 'Everything that was answered with 2xx is there.',
    needs: ['linux', 'root', 'loop devices', 'xfs_io'],
    lastsMs: 15_000,
    stage: () => ({ imageMib: IMAGE_MIB }),
    disturb: cutPower,
  },
  {
    name: 'power-cut-forgetful',
    does: 'The same with a PostgreSQL that does not sync (fsync off), which the service would refuse at its start.',
    mustHold:
      'Here answers are lost, and the checker of histories has to find it: it is the checker that is tried.',
    needs: ['linux', 'root', 'loop devices', 'xfs_io'],
    lastsMs: 15_000,
    mustBeCaught: true,
    stage: () => ({ imageMib: IMAGE_MIB }),
    prepare: async ({ ownServer }) => {
      assert(ownServer !== undefined, 'the server is ours');
      await ownServer.stop();
      await ownServer.start({ fsync: 'off' });
    },
    disturb: cutPower,
  },
];
