/** The table of docs/reliability.md, and what a run says at its end. */
import { type Killer, type PlantedBug, promises } from './planted-bug.ts';
import type { Verdict } from './verdict.ts';

export interface Tried {
  readonly bug: PlantedBug;
  readonly verdict: Verdict;
  readonly durationMs: number;
}

/** Who killed what, as Markdown. */
export function killersTable(tried: readonly Tried[]): string {
  const rows = tried.map(({ bug, verdict }) => {
    const by =
      verdict.verdict === 'killed' ? verdict.by.map(inMarkdown).join('<br>') : `**${verdict.verdict}**`;
    return `| \`${bug.name}\` | ${cell(bug.says)} | ${cell(bug.harm)} | ${bug.promise} | ${by} |`;
  });
  const used = new Set(tried.map(({ bug }) => bug.promise));
  const legend = Object.entries(promises)
    .filter(([id]) => (used as ReadonlySet<string>).has(id))
    .map(([id, says]) => `${id} ${says}`);
  return [
    `${tried.length} bugs. The promises that they break: ${legend.join(' · ')}.`,
    '',
    '| bug | what somebody tired might have written | what it would do | breaks | killed by |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function inMarkdown({ file, test }: Killer): string {
  return `\`${file}\`: ${cell(test)}`;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

/** One bug as it was tried, for the terminal. */
export function inLines({ bug, verdict, durationMs }: Tried): string {
  const head = `${verdict.verdict.padEnd(8)} ${bug.name}  (${(durationMs / 1000).toFixed(1)} s)`;
  if (verdict.verdict === 'untested') return `${head}\n${indented(verdict.why)}`;
  if (verdict.verdict === 'survived') return `${head}\n${indented(`${bug.says}\n${bug.harm}`)}`;
  return [head, ...verdict.by.map(({ file, test }) => indented(`${file}: ${test}`))].join('\n');
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '         ');
}
