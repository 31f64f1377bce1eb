/** What the figures come to, in two languages: the same comparisons, computed once. */
import { inDigits } from '../../lib/figures.ts';
import { ratio } from '../../lib/study.ts';
import { sumOf } from './measure.ts';
import { MIB, readings, type Result } from './result.ts';
import { COVERING, FIRST, NO_INDEX, OURS, ROOMY, SECOND, type Variant } from './variants.ts';

const FREE = 'all seats are free';

function compared(results: readonly Result[]) {
  const of = ({ name }: Variant): Result => {
    const found = results.find(({ variant }) => variant.name === name);
    if (found === undefined) throw new Error(`${name} was not measured`);
    return found;
  };
  const [none, first, second, roomy, covering, ours] = [NO_INDEX, FIRST, SECOND, ROOMY, COVERING, OURS].map(
    of,
  ) as [Result, Result, Result, Result, Result, Result];
  const ms = ({ reads }: Result) => reads[FREE].executionMs.median;
  const mib = (bytes: number) => `${inDigits(bytes / MIB, 0)} MiB`;
  const hot = ({ change }: Result) => `${inDigits(change.hotPercent.median, 0)} %`;
  const wal = ({ change }: Result) => inDigits(change.walBytes.median, 0);
  const fastest = readings(results).toSorted(
    (a, b) => a.reads[FREE].executionMs.median - b.reads[FREE].executionMs.median,
  )[0];
  if (fastest === undefined || second.secondReads === undefined) throw new Error('not all was read');
  return {
    noneMs: inDigits(ms(none), 1),
    firstMs: inDigits(ms(first), 1),
    firstToNone: ratio(ms(first), ms(none)),
    firstToNoneAtClient: ratio(first.reads[FREE].clientMs.median, none.reads[FREE].clientMs.median),
    secondMs: inDigits(ms(second), 1),
    bothMs: inDigits(second.secondReads[FREE].executionMs.median, 1),
    secondPages: second.reads[FREE].plan.pages.toLocaleString('en'),
    bothPages: second.secondReads[FREE].plan.pages.toLocaleString('en'),
    oursMs: inDigits(ms(ours), 1),
    oursToNone: ratio(ms(ours), ms(none)),
    oursToFirst: ratio(ms(ours), ms(first)),
    firstIndex: mib(first.bytes.otherIndexes),
    secondIndex: mib(second.bytes.otherIndexes),
    coveringIndex: mib(covering.bytes.otherIndexes),
    firstAll: mib(sumOf(first.bytes)),
    oursAll: mib(sumOf(ours.bytes)),
    fastest: fastest.name,
    fastestToOurs: ratio(fastest.reads[FREE].executionMs.median, ms(ours)),
    hot: {
      first: hot(first),
      second: hot(second),
      roomy: hot(roomy),
      covering: hot(covering),
      ours: hot(ours),
    },
    wal: {
      first: wal(first),
      second: wal(second),
      roomy: wal(roomy),
      covering: wal(covering),
      ours: wal(ours),
    },
    walSecondToOurs: ratio(second.change.walBytes.median, ours.change.walBytes.median),
    walCoveringToOurs: ratio(covering.change.walBytes.median, ours.change.walBytes.median),
    usSecondToOurs: ratio(second.change.us.median, ours.change.us.median),
    usCoveringToOurs: ratio(covering.change.us.median, ours.change.us.median),
    firstPages: first.reads[FREE].plan.pages.toLocaleString('en'),
    oursPages: ours.reads[FREE].plan.pages.toLocaleString('en'),
  };
}

export function findingsInEnglish(results: readonly Result[]): string[] {
  const c = compared(results);
  return [
    `- **An index on the performance.** With that of the first write-up the query takes ${c.firstToNone} × the time of no index in PostgreSQL`,
    `  (${c.noneMs} → ${c.firstMs} ms), and ${c.firstToNoneAtClient} × with the rows at the client. The write-up saw 0.36 → 0.09 s, which is 0.25 ×.`,
    `- **The second index of the second write-up**, on the joined table: ${c.secondMs} ms without it, ${c.bothMs} ms with it, ${c.secondPages} and ${c.bothPages} pages. The`,
    `  plan finds one row of that table either way, by its primary key or by the new index. The write-up saw 295.3 → 237.2 ms.`,
    `- **A primary key that begins with the performance is such an index already.** Ours takes ${c.oursToNone} × the time of no index, and ${c.oursToFirst} × that of the`,
    `  first write-up's index (${c.oursMs} and ${c.firstMs} ms; ${c.oursPages} and ${c.firstPages} pages; ours leaves room on each). It saves the index: ${c.firstIndex} there, ${c.secondIndex}`,
    `  in the second write-up, ${c.coveringIndex} for the covering one. Its price is the room: table and indexes are ${c.oursAll}, and ${c.firstAll} with the first`,
    `  write-up's index.`,
    `- **The fastest to read** was "${c.fastest}": ${c.fastestToOurs} × the time of ours.`,
    `- **An index on what changes is paid for by whoever buys.** Where status is in the index, ${c.hot.second} of the changes are HOT, with the covering`,
    `  one ${c.hot.covering}, with ours ${c.hot.ours}. A change writes ${c.wal.second}, ${c.wal.covering} and ${c.wal.ours} bytes of log: ${c.walSecondToOurs} × and ${c.walCoveringToOurs} × of ours. It takes ${c.usSecondToOurs} × and`,
    `  ${c.usCoveringToOurs} × the time of ours.`,
    `- **Room on the page matters as well.** The first write-up's index has nothing that changes, and yet ${c.hot.first} are HOT on full pages; with a`,
    `  fillfactor of 70 it is ${c.hot.roomy}, and ${c.wal.roomy} bytes of log for a change instead of ${c.wal.first}.`,
    '',
    'So seats have their primary key, room on the page, and no index on their state. The state is what a sale changes with every click, and',
    'the one query that such an index would serve is asked once:',
  ];
}

export function summaryInKorean(results: readonly Result[]): string[] {
  const c = compared(results);
  return [
    '두 원본 문서는 모두 "한 공연의 예약 가능한 좌석 조회"에 어떤 인덱스가 좋은지 실험했습니다. 같은 실험을 실제 PostgreSQL에서 다시 하고,',
    '원본이 다루지 않은 두 가지, 즉 인덱스의 크기와 쓰기 비용도 함께 측정했습니다. 원본의 수치는 MySQL에서 잰 것이며 장비는 적혀 있지',
    '않습니다.',
    '',
    `- **공연 ID 인덱스의 효과**: 첫 번째 문서의 인덱스 \`(concert_schedule_id)\`를 쓰면 PostgreSQL 안에서 걸리는 시간이 인덱스가 없을 때의`,
    `  ${c.firstToNone}배입니다(${c.noneMs} → ${c.firstMs} ms). 원본은 0.36초 → 0.09초, 즉 0.25배였습니다.`,
    `- **조인하는 테이블의 두 번째 인덱스**: 두 번째 문서의 \`(concert_id)\` 인덱스는 없을 때 ${c.secondMs} ms, 있을 때 ${c.bothMs} ms입니다. 어느 쪽이든 그`,
    '  테이블에서는 한 행만 찾습니다. 원본은 295.3 → 237.2 ms였습니다.',
    `- **기본 키로 충분합니다**: 우리 좌석 테이블의 기본 키는 \`(performance_id, seat_no)\`라서 그 자체가 공연별 인덱스입니다. 시간은 첫 번째 문서의`,
    `  인덱스의 ${c.oursToFirst}배이고, 별도 인덱스(${c.firstIndex})가 필요 없습니다. 대신 페이지에 여유 공간을 두므로 전체 크기는 ${c.oursAll}입니다(첫 번째 문서의`,
    `  방식은 ${c.firstAll}).`,
    `- **가장 빠른 조회**: "${c.fastest}", 우리 것의 ${c.fastestToOurs}배입니다.`,
    `- **바뀌는 컬럼에 인덱스를 걸면 구매자가 그 비용을 냅니다**: 상태 컬럼이 인덱스에 있으면 HOT 갱신(인덱스를 건드리지 않는 갱신)의 비율이`,
    `  ${c.hot.second}, 커버링 인덱스는 ${c.hot.covering}, 우리 것은 ${c.hot.ours}입니다. 좌석 하나가 바뀔 때 쓰는 로그(WAL)는 각각 ${c.wal.second}, ${c.wal.covering}, ${c.wal.ours}바이트로, 우리 것의`,
    `  ${c.walSecondToOurs}배와 ${c.walCoveringToOurs}배입니다.`,
    `- **페이지의 여유 공간**: 첫 번째 문서의 인덱스도 fillfactor를 70으로 하면 HOT 비율이 ${c.hot.first}에서 ${c.hot.roomy}로 바뀝니다.`,
    '',
    '그래서 좌석 테이블에는 기본 키와 여유 공간만 두고 상태에는 인덱스를 두지 않습니다. 조회는 화면을 볼 때마다 하지 않습니다. 각 인스턴스가',
    '공연마다 처음 한 번만 읽어 메모리에 두고, 이벤트 로그로 최신 상태를 유지합니다. 좌석의 주인은 언제나 좌석의 행만이 정합니다.',
  ];
}
