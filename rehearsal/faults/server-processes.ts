/** The processes of a PostgreSQL server, as Linux lists them. */
import { readdirSync, readFileSync } from 'node:fs';

/** Those that the process has started; of a PostgreSQL, one for each session and its own workers. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    // pid (name, which may hold anything) state parent …
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it has ended
  }
}

/** Sends the signal to the first before its children are looked for, so that none is started in between. */
export function signalFamily(pid: number, signal: NodeJS.Signals): void {
  signalOne(pid, signal);
  for (const child of childrenOf(pid)) signalOne(child, signal);
}

export function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The kernel's ticks, on every Linux that there is. */
const TICKS_PER_S = 100;
const START_FIELD = 19;

/** For how long it has been running. */
export function ageOfS(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const startedTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD]);
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) - startedTicks / TICKS_PER_S;
}
