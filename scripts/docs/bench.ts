/** What the newest whole run of `npm run bench` found, as a table for the README in both languages. */
import { short, show, UNCOMMITTED } from '../../bench/lib/figures.ts';
import { table } from '../../bench/lib/page.ts';
import { type Finding, isMet, meets, reached } from '../../bench/lib/part.ts';
import type { Results } from '../../bench/lib/results.ts';
import { CHART, chartOf } from './bench-chart.ts';
import { korean } from './bench-korean.ts';

interface Language {
  readonly none: string;
  readonly head: readonly string[];
  readonly met: string;
  readonly notMet: string;
  readonly failed: (part: string) => string;
  readonly image: string;
  readonly conditions: (facts: Facts) => string;
  readonly uncommitted: string;
  /** For works, units and what stands beside. */
  readonly translated: (phrases: readonly string[]) => (phrase: string) => string;
}

interface Facts {
  readonly machine: string;
  readonly commit: string;
  readonly date: string;
  readonly runs: string;
}

const RESULTS = '[bench/results](bench/results)';

const LANGUAGES: Readonly<Record<'en' | 'ko', Language>> = {
  en: {
    none: `No whole run of the benchmarks is recorded yet; what single parts measured is in ${RESULTS}.`,
    head: ['work', 'measured', 'beside it, in the same run', 'aim', 'reached'],
    met: 'met',
    notMet: 'not met',
    failed: (part) => `\`${part}\`: failed in this run, so there is no figure`,
    image: 'How many times its reference Frontrow reaches, beside the aims',
    conditions: ({ machine, commit, date, runs }) =>
      `Measured on ${date} on ${machine}, at commit ${commit}; runs of each: ${runs}. A figure is their median, with the lowest and the highest in brackets; × is ours ÷ what stands beside it. All pages: ${RESULTS}.`,
    uncommitted: UNCOMMITTED,
    translated: () => (phrase) => phrase,
  },
  ko: {
    none: `아직 기록된 전체 벤치마크 실행이 없습니다. 부분별 측정 결과는 ${RESULTS}에 있습니다.`,
    head: ['작업', '측정값', '같은 실행의 비교 대상', '목표', '결과'],
    met: '달성',
    notMet: '미달',
    failed: (part) => `\`${part}\`: 이번 실행에서 실패해 수치가 없습니다`,
    image: '비교 대상 대비 Frontrow의 배수와 목표',
    conditions: ({ machine, commit, date, runs }) =>
      `측정일 ${date}, 장비 ${machine}, 커밋 ${commit}, 각 실행 횟수 ${runs}. 수치는 중앙값이고 괄호 안은 최솟값과 최댓값입니다. ×는 Frontrow ÷ 비교 대상입니다. 전체 결과: ${RESULTS}.`,
    uncommitted: ' (커밋하지 않은 변경 포함)',
    translated: korean,
  },
};

/** The region; without a whole run it says so. */
export function benchTable(results: Results | null, language: keyof typeof LANGUAGES): string {
  const words = LANGUAGES[language];
  if (results === null) return words.none;
  const findings = results.parts.flatMap((part) => part.findings);
  const rows = [...rowsOf(findings, words), ...results.failed.map(({ name }) => failedRow(name, words))];
  return [
    ...table(words.head, rows),
    '',
    words.conditions(factsOf(results, words)),
    ...(chartOf(results) === null ? [] : ['', `![${words.image}](${CHART})`]),
  ].join('\n');
}

/** Rows of one work follow each other; what was said in the row above is not said again. */
function rowsOf(findings: readonly Finding[], words: Language): string[][] {
  const phrases = findings.flatMap(({ work, ours, reference }) => [
    work,
    ours.unit,
    ...(reference === undefined ? [] : [reference.name, reference.unit]),
  ]);
  const say = words.translated(phrases);
  const works = Map.groupBy(findings, ({ work }) => work);
  return [...works].flatMap(([work, ofWork]) => {
    let above = '';
    return ofWork.map((finding, index) => {
      const { ours, reference, aim } = finding;
      const measured = `${show(ours.figure)} ${say(ours.unit)}`;
      const isSame = measured === above;
      above = measured;
      return [
        index === 0 ? say(work) : '',
        isSame ? '' : measured,
        reference === undefined
          ? '–'
          : `${say(reference.name)}: ${show(reference.figure)} ${say(reference.unit)}`,
        `${aim.at === 'least' ? '≥' : '≤'} ${short(aim.value)}${aim.times ? ' ×' : ''}`,
        outcome(finding, words),
      ];
    });
  });
}

function outcome(finding: Finding, { met, notMet }: Language): string {
  const figure = `${onItsSide(finding)}${finding.aim.times ? ' ×' : ''}`;
  return isMet(finding) ? `${figure}, ${met}` : `**${figure}, ${notMet}**`;
}

/** Rounded, but not over to the other side of the aim: 99.96 of 100 is not 100. */
function onItsSide(finding: Finding): string {
  const value = reached(finding);
  const rounded = short(value);
  const isTrue = meets(finding.aim, Number(rounded.replaceAll(',', ''))) === isMet(finding);
  return isTrue ? rounded : value.toLocaleString('en', { maximumSignificantDigits: 6 });
}

function failedRow(part: string, { failed }: Language): string[] {
  return [failed(part), '–', '–', '–', '–'];
}

function factsOf({ machine, repeats, parts }: Results, { uncommitted }: Language): Facts {
  // Long parts may have fewer runs than the others.
  const counts = parts.flatMap(({ findings }) => findings.map(({ ours }) => ours.figure.runs.length));
  const [least, most] = [Math.min(repeats, ...counts), Math.max(repeats, ...counts)];
  return {
    machine: `${machine.cpu}, ${machine.memory}, Node ${machine.node}`,
    commit: machine.commit.replace(UNCOMMITTED, uncommitted),
    date: machine.date,
    runs: least === most ? String(least) : `${least}–${most}`,
  };
}
