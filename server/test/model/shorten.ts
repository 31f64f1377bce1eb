/**
 * Makes a tale that fails short: what comes after the failure is cut off, and then all is left out, in large parts first,
 * without which it still fails. A tale means as much without any of its steps, so that this takes few tries; to try
 * simpler values too would take hundreds, of a second each.
 */
import type { Step, Tale } from './commands.ts';
import type { Untrue } from './story.ts';

export interface Failure {
  readonly tale: Tale;
  readonly error: Untrue;
  readonly tries: number;
}

/** Undefined when all went well. */
type Try = (tale: Tale) => Promise<Untrue | undefined>;

export async function shorten(tale: Tale, error: Untrue, attempt: Try, maxMs: number): Promise<Failure> {
  const endMs = performance.now() + maxMs;
  let shortest: Failure = { tale: upTo(tale, error), error, tries: 0 };
  const isShorter = async (steps: readonly Step[]): Promise<boolean> => {
    const shorter = { ...shortest.tale, steps };
    const again = await attempt(shorter);
    const tries = shortest.tries + 1;
    shortest = again ? { tale: upTo(shorter, again), error: again, tries } : { ...shortest, tries };
    return again !== undefined;
  };
  let size = Math.ceil(shortest.tale.steps.length / 2);
  while (size > 0) {
    for (let at = 0; at < shortest.tale.steps.length && performance.now() < endMs;) {
      if (!(await isShorter(shortest.tale.steps.toSpliced(at, size)))) at += size;
    }
    size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  for (let at = 0; at < shortest.tale.steps.length && performance.now() < endMs; at++) {
    const { steps } = shortest.tale;
    for (const fewer of withFewer(steps[at])) {
      if (await isShorter(steps.with(at, fewer))) break;
    }
  }
  return shortest;
}

function upTo(tale: Tale, { played }: Untrue): Tale {
  return { ...tale, steps: tale.steps.slice(0, played) };
}

/** One of those that were sent together is left out. */
function withFewer(step: Step | undefined): Step[] {
  if (step?.kind !== 'together') return [];
  const { commands, twice } = step;
  const once: Step[] = twice ? [{ ...step, twice: false }] : [];
  return [...once, ...commands.map((_, at) => ({ ...step, commands: commands.toSpliced(at, 1) }))];
}
