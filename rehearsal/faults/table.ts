/** What came of the faults, as a table for docs/reliability.md and as lines for a terminal. Pure. */
import type { Figures } from './figures.ts';
import type { Played, Result } from './play.ts';

/** When and from what a row was made. */
export interface Mark {
  /** Such as 2026-11-28. */
  readonly date: string;
  readonly commit: string;
}

const HEAD = [
  '| fault | done, and what must hold | seen | asked under it: yes · refused · unknown | unknown, and then | slowest of a hundred | went again | verdict | played |',
  '|---|---|---|---|---|---|---|---|---|',
];

/** The table with rows for these results; of other faults the rows that it had, in the order of the names. */
export function tableOf(
  results: readonly Result[],
  before: string,
  names: readonly string[],
  mark: Mark,
): string {
  const rows = new Map<string, string>();
  for (const [row, name = ''] of before.matchAll(/^\| `([\w-]+)` \|.*$/gm)) rows.set(name, row);
  for (const result of results) rows.set(result.scenario.name, rowOf(result, mark));
  return [...HEAD, ...names.flatMap((name) => rows.get(name) ?? [])].join('\n');
}

function rowOf(result: Result, { date, commit }: Mark): string {
  const { name, does, mustHold } = result.scenario;
  const first = [`\`${name}\``, `${does} ${mustHold}`];
  const last = `${date}, ${commit}`;
  const cells =
    result.outcome === 'skipped' || result.outcome === 'failed'
      ? [...first, '', '', '', '', '', `${result.outcome}: ${result.because}`, last]
      : [...first, ...cellsOf(result), last];
  return `| ${cells.map(cell).join(' | ')} |`;
}

const REASONS_SHOWN = 3;

function cellsOf(played: Played): string[] {
  const { figures, notes } = played;
  const { asked, ok, refused, unknown, unknownBy, silent } = figures;
  const reasons = unknownBy.slice(0, REASONS_SHOWN).map(([problem, count]) => `${count} ${problem}`);
  return [
    notes.join('; '),
    `${asked}: ${ok} · ${refused} · ${unknown}${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}${silent === 0 ? '' : `; ${silent} of them nothing`}`,
    resolved(figures),
    slowest(figures),
    recovered(figures),
    verdictOf(played),
  ];
}

/** What nobody was told, and what became of it. */
function resolved({ unresolved: { actions, done, refused, never } }: Figures): string {
  if (actions === 0) return 'none';
  const parts = [`${done} done`, `${refused} not`, ...(never > 0 ? [`${never} never told`] : [])];
  return `${actions}: ${parts.join(', ')}`;
}

/** Of what was answered yes, and of what was answered 5xx. */
function slowest({ okP99Ms, failedP99Ms }: Figures): string {
  return `${seconds(okP99Ms)}${failedP99Ms === null ? '' : `; 5xx ${seconds(failedP99Ms)}`}`;
}

function recovered({ recoveredMs, slowest: last, missing }: Figures): string {
  if (missing.length > 0) return `never: ${missing.join(', ')}`;
  return `${seconds(recoveredMs)} (${last ?? 'nothing'})`;
}

const FINDINGS_SHOWN = 3;

function verdictOf({ scenario, outcome, findings, judged }: Played): string {
  const looked = `${judged.audit} things audited, ${judged.history} judged by what people were told`;
  if (scenario.mustBeCaught === true) {
    return outcome === 'kept'
      ? `caught, as it has to be: ${findings.length} broken promises, such as “${findings[0] ?? ''}”`
      : `not caught (${looked})`;
  }
  if (outcome === 'kept') return `kept: ${looked}`;
  return `**broken**: ${findings.slice(0, FINDINGS_SHOWN).join('; ')}${findings.length > FINDINGS_SHOWN ? `; and ${findings.length - FINDINGS_SHOWN} more` : ''}`;
}

/** One line, for the end of a run. */
export function lineOf(result: Result, width: number): string {
  const name = result.scenario.name.padEnd(width);
  if (result.outcome === 'skipped') return `${name}  skipped: because ${result.because}`;
  if (result.outcome === 'failed') return `${name}  failed: ${result.because}`;
  const [, asked, then, p99, again] = cellsOf(result);
  const figures = `asked ${asked}; unknown ${then}; 99 of 100 within ${p99}; went again after ${again}`;
  return `${name}  ${result.outcome === 'kept' ? verdictWord(result) : 'BROKEN'}  ${figures}`;
}

const verdictWord = ({ scenario }: Played) => (scenario.mustBeCaught === true ? 'caught' : 'kept  ');

/** What is broken, all of it. */
export function findingsOf(result: Result): readonly string[] {
  return 'findings' in result && result.outcome === 'broken' ? result.findings : [];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A cell holds neither bars nor ends of lines. */
function cell(text: string): string {
  return text
    .replaceAll('|', String.raw`\|`)
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}
