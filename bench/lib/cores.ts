/** Who used the cores, and how much memory a process took: what Linux says in /proc. */
import { readdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { Stage } from './stage.ts';

/** The kernel counts time in hundredths of a second. */
const TICKS_PER_S = 100;

export interface CoreUse {
  /** Cores that the process kept busy, 0 to as many as there are. */
  readonly process: number;
  /** The same of all processes of PostgreSQL together. */
  readonly postgres: number;
  readonly machine: number;
}

/**
 * Starts to count; what is given back says how many cores were busy since: by the process, by PostgreSQL, in all.
 * `what` is done meanwhile, where samples are taken, too.
 */
export async function watchCores(stage: Stage, pid: number, what: string): Promise<() => Promise<CoreUse>> {
  const postmaster = await postmasterOf(stage);
  const endProfile = await stage.profile(pid, what);
  const startedMs = performance.now();
  const before = await readTicks(pid, postmaster);
  return async () => {
    const ticks = ((performance.now() - startedMs) / 1_000) * TICKS_PER_S;
    const after = await readTicks(pid, postmaster);
    await endProfile();
    return {
      process: (after.process - before.process) / ticks,
      postgres: (after.postgres - before.postgres) / ticks,
      machine: Math.min((after.machine - before.machine) / ticks, cpus().length),
    };
  };
}

/** Microseconds of core time for each request. */
export interface Costs {
  readonly service: number;
  readonly postgres: number;
  /** The load, the kernel and whatever else ran. */
  readonly rest: number;
}

/** Where the time of the cores went, when so many were served a second. */
export function costsOf({ process, postgres, machine }: CoreUse, perSecond: number): Costs {
  const us = (cores: number) => (cores / perSecond) * 1e6;
  return {
    service: us(process),
    postgres: us(postgres),
    rest: us(Math.max(0, machine - process - postgres)),
  };
}

/** The most memory that the process ever had in RAM. */
export function peakMemoryMb(pid: number): Promise<number> {
  return statusMb(pid, 'VmHWM');
}

/** What it has in RAM. */
export function memoryMb(pid: number): Promise<number> {
  return statusMb(pid, 'VmRSS');
}

async function statusMb(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const line = status.split('\n').find((text) => text.startsWith(`${name}:`));
  return (Number(/(\d+) kB$/.exec(line ?? '')?.[1]) * 1_024) / 1e6;
}

interface Ticks {
  readonly process: number;
  readonly postgres: number;
  readonly machine: number;
}

async function readTicks(pid: number, postmaster: number): Promise<Ticks> {
  const [own, postgres, all] = await Promise.all([
    readStat(pid),
    readServer(postmaster),
    readFile('/proc/stat', 'utf8'),
  ]);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] =
    /^cpu +(.*)$/m.exec(all)?.[1]?.split(' ').map(Number) ?? [];
  return { process: own?.used ?? 0, postgres, machine: user + nice + system + irq + softirq };
}

/** The postmaster, those of its processes that live, and through it those that have ended. */
async function readServer(postmaster: number): Promise<number> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const stats = await Promise.all(pids.map(readStat));
  return stats.reduce((sum, stat, index) => {
    if (pids[index] === postmaster) return sum + (stat?.used ?? 0) + (stat?.usedByEnded ?? 0);
    return stat?.parent === postmaster ? sum + stat.used : sum;
  }, 0);
}

interface Stat {
  readonly parent: number;
  readonly used: number;
  readonly usedByEnded: number;
}

/** Undefined when there is no such process any more. */
async function readStat(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the name in brackets, which may hold spaces; user and system time are the 14th and 15th,
  // those of children that have ended the 16th and 17th.
  const fields = text
    ?.slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  if (fields === undefined) return undefined;
  const [, parent = 0, , , , , , , , , , user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields;
  return { parent, used: user + system, usedByEnded: endedUser + endedSystem };
}

async function postmasterOf(stage: Stage): Promise<number> {
  const [writer] = await stage.query<{ pid: number }>(
    'postgres',
    `select pid from pg_stat_activity where backend_type = 'walwriter'`,
  );
  const parent = (await readStat(writer?.pid ?? 0))?.parent;
  if (parent === undefined) throw new Error('PostgreSQL has no process that writes its log');
  return parent;
}
