/** A page of results: what was measured, on what, under which conditions. */
import { type Figure, type machine, short, show } from './figures.ts';
import { type Finding, isMet, reached } from './part.ts';
import type { CostFigures, SideResult } from './sides.ts';

export interface Page {
  readonly title: string;
  /** As it was when the run began. */
  readonly machine: ReturnType<typeof machine>;
  readonly conditions: readonly string[];
  readonly body: readonly string[];
}

export function page({ title, machine: at, conditions, body }: Page): string {
  const facts = Object.entries(at).map(([name, value]) => `- ${name}: ${value}`);
  return [`# ${title}`, '', ...facts, ...conditions.map((text) => `- ${text}`), '', ...body, ''].join('\n');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}

/** Each side beside the first. */
export function comparison(unit: string, results: readonly SideResult[]): string[] {
  const first = results[0]?.perSecond.median ?? 0;
  const ms = (value: Figure | undefined) => (value === undefined ? '' : value.median.toFixed(1));
  return table(
    ['side', unit, 'first side ÷ this', 'p50 ms', 'p99 ms', 'beside it'],
    results.map(({ name, perSecond, p50, p99, note, costs }) => [
      name,
      show(perSecond),
      `${(first / perSecond.median).toFixed(2)} ×`,
      ms(p50),
      ms(p99),
      [note ?? [], costs === undefined ? [] : costNote(costs)].flat().join('; '),
    ]),
  );
}

/** `each: service 75 µs, PostgreSQL 40 µs, the rest 20 µs`: medians. */
export function costNote({ service, postgres, rest }: CostFigures): string {
  const us = ({ median }: Figure) => `${Math.round(median)} µs`;
  return `each: service ${us(service)}, PostgreSQL ${us(postgres)}, the rest ${us(rest)}`;
}

/** What was aimed at, and how near we came. */
export function findingsTable(findings: readonly Finding[]): string[] {
  const why = findings.every(isMet) ? [] : ['', WHY];
  return [...tableOf(findings), ...why];
}

const WHY =
  'What limits what is not met, and what was tried: [README](README.md#what-is-not-met-and-what-limits-it).';

function tableOf(findings: readonly Finding[]): string[] {
  return table(
    ['work', 'measured', 'beside it, in the same run', 'aim', 'reached'],
    findings.map((finding) => {
      const { work, ours, reference, aim } = finding;
      const unit = aim.times ? '×' : ours.unit;
      return [
        work,
        `${show(ours.figure)} ${ours.unit}`,
        reference === undefined ? '–' : `${reference.name}: ${show(reference.figure)} ${reference.unit}`,
        `${aim.at === 'least' ? '≥' : '≤'} ${short(aim.value)} ${unit}`,
        `${isMet(finding) ? '' : '**not met:** '}${short(reached(finding))} ${unit}`,
      ];
    }),
  );
}
