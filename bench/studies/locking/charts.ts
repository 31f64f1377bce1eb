import type { Bar, BarChart } from '../../lib/chart.ts';
import type { Figure } from '../../lib/figures.ts';
import type { Result } from './result.ts';

interface Best {
  readonly seat: readonly Result[];
  readonly wallet: readonly Result[];
}

const spread = ({ median, min, max }: Figure) => ({ value: median, low: min, high: max });

export function chartsOf({ seat, wallet }: Best) {
  const bars = (results: readonly Result[], of: (result: Result) => Omit<Bar, 'label'>): Bar[] =>
    results.map((result) => ({ label: result.name, isOurs: result.isOurs, ...of(result) }));
  return {
    'locking-rates': {
      title: 'A hundred at the same moment, on one row (more is better)',
      unit: '/s',
      scale: 'group',
      groups: [
        { label: 'one seat: buyers answered', bars: bars(seat, (result) => spread(result.answersPerSecond)) },
        { label: 'one wallet: movements done', bars: bars(wallet, (result) => spread(result.donePerSecond)) },
      ],
    },
    'locking-tries': {
      title: 'What a hundred movements on one wallet take (less is better)',
      unit: '',
      scale: 'group',
      groups: [
        { label: 'not done', bars: bars(wallet, ({ endings }) => ({ value: endings['gave-up'] })) },
        { label: 'tries', bars: bars(wallet, ({ tries }) => ({ value: tries })) },
        { label: 'commits', bars: bars(wallet, ({ commits }) => ({ value: commits })) },
      ],
    },
  } satisfies Record<string, BarChart>;
}
