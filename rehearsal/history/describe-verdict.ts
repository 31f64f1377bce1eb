import type { Verdict } from './check-history.ts';

/** Of each check; the others are as many more of the same. */
const SHOWN_MAX = 10;

/** For a terminal: each check with what it looked at, what was in the history, and what cannot be true. */
export function describeVerdict({ judgements, coverage, contradictions }: Verdict): string {
  const width = Math.max(...judgements.map(({ check }) => check.length));
  const checks = judgements.map(({ check, promise, judged, undecided, contradictions: found }) => {
    const sign = found.length > 0 ? 'BROKEN' : undecided > 0 ? 'open' : judged === 0 ? 'unseen' : 'ok';
    const open = undecided > 0 ? `, ${undecided} undecided` : '';
    return `${sign.padEnd(6)}  ${promise.padEnd(3)}  ${check.padEnd(width)}  ${judged} judged${open}`;
  });
  const { resolved, ...counts } = coverage;
  const unclear = Object.entries<number>({ ...resolved }).map(
    ([how, count]) => `unknown ${wordsOf(how)} ${count}`,
  );
  const seen = Object.entries<number>(counts).map(([what, count]) => `${wordsOf(what)} ${count}`);
  return [
    ...checks,
    '',
    `In it: ${[...seen, ...unclear].join(', ')}.`,
    '',
    ...describe(judgements),
    endOf(contradictions.length, countUndecided(judgements)),
    '',
  ].join('\n');
}

function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function describe(judgements: Verdict['judgements']): string[] {
  return judgements.flatMap(({ check, promise, contradictions }) => {
    if (contradictions.length === 0) return [];
    const shown = contradictions
      .slice(0, SHOWN_MAX)
      .map(({ says, operations }) => `  ${says} [operations ${operations.join(', ')}]`);
    const more = contradictions.length - shown.length;
    return [`${promise} ${check}:`, ...shown, ...(more > 0 ? [`  … and ${more} more`] : []), ''];
  });
}

export function countUndecided(judgements: Verdict['judgements']): number {
  return judgements.reduce((sum, { undecided }) => sum + undecided, 0);
}

function endOf(count: number, undecided: number): string {
  const found = count === 0 ? 'No contradiction.' : `${count} contradiction${count === 1 ? '' : 's'}.`;
  return undecided === 0 ? found : `${found} Not decided: ${undecided}.`;
}
