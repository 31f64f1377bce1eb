/** Makes system calls of running processes slow or fail, with strace. What they start later is included. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Tracer extends AsyncDisposable {
  /** How many calls were disturbed until now. */
  readonly disturbed: number;
  /** Fulfilled with the first of them. */
  readonly first: Promise<void>;
}

const ATTACHED_OR_GONE = /^strace: (?:Process \d+ attached|attach: ptrace\()/;

/** Of one call of the kernel, in strace's own words, such as `delay_exit=100000` (µs) or `error=EIO`. */
export async function disturbCalls(
  pids: readonly number[],
  calls: readonly string[],
  how: string,
): Promise<Tracer> {
  const list = calls.join(',');
  const args = ['-f', '-e', `trace=${list}`, '-e', 'signal=none', '-e', `inject=${list}:${how}`];
  const child = spawn('strace', [...args, ...pids.flatMap((pid) => ['-p', String(pid)])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  const attached = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  let disturbed = 0;
  let answeredCount = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    // One that has ended meanwhile is told as well; without any strace ends.
    if (ATTACHED_OR_GONE.test(line) && ++answeredCount === pids.length) attached.resolve();
    if (!/\((?:INJECTED|DELAYED)\)/.test(line)) return;
    disturbed += 1;
    first.resolve();
  });
  child.once('exit', () => attached.reject(new Error('strace ended before it was attached')));
  attached.promise.catch(() => {}); // after the attachment nobody waits for it any more
  await attached.promise;
  return {
    get disturbed() {
      return disturbed;
    },
    first: first.promise,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM'); // it lets go of everybody first
      await ended;
    },
  };
}
