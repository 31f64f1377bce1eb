/** Ours ÷ the reference, for all that has one and an aim of that kind: a chart for the README. */
import { type Bar, type BarChart, barChart } from '../../bench/lib/chart.ts';
import { short } from '../../bench/lib/figures.ts';
import { type Finding, isMet, reached } from '../../bench/lib/part.ts';
import type { Results } from '../../bench/lib/results.ts';

export const CHART = 'docs/bench.svg';

type Compared = Finding & Required<Pick<Finding, 'reference'>>;

export function benchImage(results: Results | null): string | null {
  const chart = results === null ? null : chartOf(results);
  return chart === null ? null : barChart(chart);
}

/** Null where nothing was compared. */
export function chartOf({ parts, machine }: Results): BarChart | null {
  const compared = parts.flatMap(({ findings }) => findings.filter(isCompared));
  if (compared.length === 0) return null;
  // What should be large stands apart from what should be small.
  const [more, less] = (['least', 'most'] as const).map((at) =>
    Map.groupBy(
      compared.filter(({ aim }) => aim.at === at),
      ({ work }) => work,
    ),
  );
  return {
    title: `Frontrow ÷ what it stands beside, in the same run (dashed: the aim), ${machine.date}`,
    unit: '×',
    scale: 'common',
    groups: [
      ...[...(more ?? [])].map(([work, ofWork]) => ({ label: work, bars: ofWork.map(barOf) })),
      ...[...(less ?? [])].map(([work, ofWork]) => ({
        label: `${work} (less is better)`,
        bars: ofWork.map(barOf),
      })),
    ],
  };
}

function isCompared(finding: Finding): finding is Compared {
  return finding.aim.times && finding.reference !== undefined;
}

function barOf(finding: Compared): Bar {
  const { ours, reference, aim } = finding;
  const value = reached(finding);
  // Runs of both sides alternate: the same run of each was made at the same time of the day.
  const ratios = ours.figure.runs.map((run, index) => run / (reference.figure.runs[index] ?? Number.NaN));
  const spread = ratios.every(Number.isFinite)
    ? { low: Math.min(value, ...ratios), high: Math.max(value, ...ratios) }
    : {};
  const text = `${aim.at === 'least' ? '≥' : '≤'} ${short(aim.value)}${isMet(finding) ? '' : ': not met'}`;
  return { label: `÷ ${reference.name}`, value, ...spread, aim: { value: aim.value, text }, isOurs: true };
}
