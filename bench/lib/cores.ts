/** Who used the cores, and how much memory a process took at most: what Linux says in /proc. */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';

/** The kernel counts time in hundredths of a second. */
const TICKS_PER_S = 100;

export interface CoreUse {
  /** Cores that the process kept busy, 0 to as many as there are. */
  readonly process: number;
  readonly machine: number;
}

/** Starts to count; what is given back says how many cores were busy since, by the process and in all. */
export async function watchCores(pid: number): Promise<() => Promise<CoreUse>> {
  const startedMs = performance.now();
  const before = await readTicks(pid);
  return async () => {
    const after = await readTicks(pid);
    const ticks = ((performance.now() - startedMs) / 1_000) * TICKS_PER_S;
    return {
      process: (after.process - before.process) / ticks,
      machine: Math.min((after.machine - before.machine) / ticks, cpus().length),
    };
  };
}

/** The most memory that the process ever had in RAM. */
export async function peakMemoryMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024) / 1e6;
}

async function readTicks(pid: number): Promise<{ process: number; machine: number }> {
  const [own, all] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile('/proc/stat', 'utf8'),
  ]);
  // The second field is the name in brackets, which may hold spaces; user and system time are the 14th and 15th.
  const fields = own
    .slice(own.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] =
    /^cpu +(.*)$/m.exec(all)?.[1]?.split(' ').map(Number) ?? [];
  return {
    process: (fields[11] ?? 0) + (fields[12] ?? 0),
    machine: user + nice + system + irq + softirq,
  };
}
