import type { Figure } from '../../lib/figures.ts';
import type { Bar, BarChart } from '../../lib/chart.ts';
import { MOMENT_NAMES, sumOf } from './measure.ts';
import { MIB, readings, type Result } from './result.ts';

const spread = ({ median, min, max }: Figure) => ({ value: median, low: min, high: max });

export function chartsOf(results: readonly Result[]) {
  const bars = (of: (result: Result) => Omit<Bar, 'label'>): Bar[] =>
    results.map((result) => ({
      label: result.variant.name,
      isOurs: result.variant.isOurs === true,
      ...of(result),
    }));
  return {
    'seat-index-reading': {
      title: 'Reading the free seats of one performance, in PostgreSQL (less is better)',
      unit: 'ms',
      scale: 'common',
      groups: MOMENT_NAMES.map((moment) => ({
        label: moment,
        bars: readings(results).map(({ name: label, isOurs, reads }) => ({
          label,
          isOurs,
          ...spread(reads[moment].executionMs),
        })),
      })),
    },
    'seat-index-size': {
      title: 'Table and indexes (less is better)',
      unit: 'MiB',
      scale: 'common',
      groups: [
        { label: 'everything', bars: bars(({ bytes }) => ({ value: sumOf(bytes) / MIB })) },
        {
          label: 'of it, indexes beside the primary key',
          bars: bars(({ bytes }) => ({ value: bytes.otherIndexes / MIB })),
        },
      ],
    },
    'seat-index-writing': {
      title: 'Holding and selling (less is better, but for HOT)',
      unit: '',
      scale: 'group',
      groups: [
        {
          label: 'write-ahead log for a change',
          unit: 'bytes',
          bars: bars(({ change }) => spread(change.walBytes)),
        },
        { label: 'time for a change', unit: 'µs', bars: bars(({ change }) => spread(change.us)) },
        {
          label: 'changes that touch no index (HOT)',
          unit: '%',
          bars: bars(({ change }) => spread(change.hotPercent)),
        },
      ],
    },
  } satisfies Record<string, BarChart>;
}
