/** What the figures come to, in two languages: the same comparisons, computed once. */
import { inDigits } from '../../lib/figures.ts';
import { ratio } from '../../lib/study.ts';
import type { Result } from './result.ts';
import { OURS } from './scenario.ts';
import { OPTIMISTIC, PESSIMISTIC, RETRIED, RETRIED_UNTIL_DONE, THREE_TRIES } from './strategies.ts';

interface Best {
  readonly seat: readonly Result[];
  readonly wallet: readonly Result[];
}

const ms = ({ roundMs }: Result) => roundMs.median;
const shown = (result: Result) => `${inDigits(ms(result), 1)} ms`;
const count = (value: number) => inDigits(value, Number.isInteger(value) ? 0 : 1);

function named(results: readonly Result[], name: string): Result {
  const found = results.find((result) => result.name === name);
  if (found === undefined) throw new Error(`${name} was not measured`);
  return found;
}

function compared({ seat, wallet }: Best) {
  const buyers = {
    locked: named(seat, PESSIMISTIC),
    versioned: named(seat, OPTIMISTIC),
    retried: named(seat, RETRIED),
    ours: named(seat, OURS),
  };
  const moves = {
    locked: named(wallet, PESSIMISTIC),
    versioned: named(wallet, OPTIMISTIC),
    thrice: named(wallet, THREE_TRIES),
    retried: named(wallet, RETRIED_UNTIL_DONE),
    ours: named(wallet, OURS),
  };
  const [quickest] = [buyers.locked, buyers.versioned, buyers.retried].toSorted((a, b) => ms(a) - ms(b));
  // Of those that do all that is asked for.
  const [surest] = [moves.locked, moves.retried].toSorted((a, b) => ms(a) - ms(b));
  if (quickest === undefined || surest === undefined) throw new Error('nothing was compared');
  return {
    seat: {
      locked: shown(buyers.locked),
      versioned: shown(buyers.versioned),
      lockedToVersioned: ratio(ms(buyers.locked), ms(buyers.versioned)),
      quickest: { name: quickest.name, connections: quickest.connections, shown: shown(quickest) },
      ours: shown(buyers.ours),
      oursToQuickest: ratio(ms(buyers.ours), ms(quickest)),
      oursCommits: count(buyers.ours.commits),
    },
    reruns: buyers.ours.reruns + moves.ours.reruns,
    wallet: {
      locked: shown(moves.locked),
      retried: shown(moves.retried),
      lockedConnections: moves.locked.connections,
      retriedConnections: moves.retried.connections,
      lockedToRetried: ratio(ms(moves.locked), ms(moves.retried)),
      retriedTries: count(moves.retried.tries),
      versionedLost: count(moves.versioned.endings['gave-up']),
      versionedConnections: moves.versioned.connections,
      thriceLost: count(moves.thrice.endings['gave-up']),
      thriceConnections: moves.thrice.connections,
      surest: { name: surest.name, connections: surest.connections, shown: shown(surest) },
      lockedCommits: count(moves.locked.commits),
      ours: shown(moves.ours),
      oursToSurest: ratio(ms(moves.ours), ms(surest)),
      oursRate: ratio(moves.ours.donePerSecond.median, surest.donePerSecond.median),
      oursCommits: count(moves.ours.commits),
    },
  };
}

export function findingsInEnglish(best: Best): string[] {
  const { seat, wallet, reruns } = compared(best);
  return [
    `- **One seat, lock or version.** A round took ${seat.locked} with the lock and ${seat.versioned} with the version and no retry, which is ${seat.lockedToVersioned} ×; the second`,
    '  write-up has 2.29 ×. A version does not save the waiting here: PostgreSQL locks the row for every write, so those who come at the same',
    "  moment wait for the winner's commit either way, and then find the version changed.",
    `- **One wallet, without a retry**, is what the second write-up warns of: of a hundred, ${wallet.versionedLost} were not done, even with ${wallet.versionedConnections} connections, where it does`,
    `  best; with three tries ${wallet.thriceLost} were not, with ${wallet.thriceConnections} connections. Its 280 ms for the version and 558 ms for the lock are therefore not the same`,
    '  work, unless none of its hundred failed.',
    `- **One wallet, everything done**: ${wallet.locked} with the lock (${wallet.lockedConnections} connections), ${wallet.retried} with versions and ${wallet.retriedTries} tries for a hundred`,
    `  (${wallet.retriedConnections} connections), which is ${wallet.lockedToRetried} ×. Each is at its best there; the table by connections has what becomes of it with others.`,
    `- **A set.** For a seat ours takes ${seat.ours} where the quickest of the others takes ${seat.quickest.shown} (${seat.quickest.name}, ${seat.quickest.connections} connections): ${seat.oursToQuickest} ×. For a`,
    `  wallet it takes ${wallet.ours} where the best that does everything takes ${wallet.surest.shown} (${wallet.surest.name}, ${wallet.surest.connections} connections): ${wallet.oursToSurest} × the time,`,
    `  ${wallet.oursRate} × the rate. Nobody gave up; ${reruns === 0 ? 'no set' : `${reruns} of the sets`} had to be run again. Commits for a hundred: ${seat.oursCommits} for the seat, ${wallet.oursCommits} for the`,
    `  wallet, where charges are a set and payments another; with the lock the wallet has ${wallet.lockedCommits}. A set waits for no company: a request that`,
    '  comes alone is a set of one.',
    '',
    'A payment is decided in the same way by the row of what is due: two clicks on the same reservation are two requests for that row, one is paid',
    'and the other is told so. In a sale most of those who come too late do not even get this far: a seat that is known to be taken is refused from',
    'memory ([0009](../decisions/0009-seat-boards.md)). That was not so here; everybody was decided by the row.',
  ];
}

export function summaryInKorean(best: Best): string[] {
  const { seat, wallet, reruns } = compared(best);
  return [
    '두 원본 문서는 같은 행을 두고 경쟁하는 100명의 요청을 비관적 락과 낙관적 락으로 처리해 비교했습니다. 같은 실험을 실제 PostgreSQL에서 다시',
    '하면서 실패와 재시도 횟수를 함께 세었고, 우리 방식인 집합 처리를 나란히 두었습니다. 원본(두 번째 문서)의 평균 시간은 포인트 충전/사용',
    '100회가 낙관적 280 ms, 비관적 558 ms, 좌석 예약 100명이 낙관적 119 ms, 비관적 272 ms입니다. 장비와 커넥션 풀 크기, 실패 건수는 적혀 있지',
    '않습니다.',
    '',
    `- **좌석 하나, 구매자 100명**: 100건을 처리하는 데 비관적 락은 ${seat.locked}, 재시도 없는 낙관적 락은 ${seat.versioned}로 ${seat.lockedToVersioned}배입니다(원본은 2.29배).`,
    '  PostgreSQL은 쓰기마다 행을 잠그므로 낙관적 락이라도 먼저 쓴 트랜잭션의 커밋을 기다립니다.',
    `- **지갑 하나, 재시도 없음**: 낙관적 락은 100건 가운데 ${wallet.versionedLost}건이 반영되지 않았습니다. 세 번까지 시도해도 ${wallet.thriceLost}건이 남았습니다. 따라서 실패가 있었다면`,
    '  원본의 280 ms와 558 ms는 같은 양의 일을 비교한 것이 아닙니다.',
    `- **지갑 하나, 모두 반영될 때까지**: 비관적 락 ${wallet.locked}, 낙관적 락 ${wallet.retried}(100건에 ${wallet.retriedTries}번 시도)로 ${wallet.lockedToRetried}배입니다.`,
    `- **집합 처리**: 동시에 기다리는 요청을 트랜잭션 하나로 모아 도착한 순서대로 결정합니다. 좌석은 ${seat.ours}로, 다른 방식 가운데 가장 빠른 것(${seat.quickest.shown})의`,
    `  ${seat.oursToQuickest}배이고, 지갑은 ${wallet.ours}로, 모두 반영하는 방식 가운데 가장 빠른 것(${wallet.surest.shown})의 ${wallet.oursToSurest}배입니다. 포기한 요청은 없고, 다시 실행한 집합은 ${reruns}개입니다. 커밋은`,
    `  좌석이 ${seat.oursCommits}번, 지갑이 ${wallet.oursCommits}번(충전과 결제 각각)이며, 비관적 락의 지갑은 ${wallet.lockedCommits}번입니다.`,
    '',
    '실행할 때마다 좌석의 주인이 정확히 한 명인지, 잔액이 모든 변동의 합과 같은지 확인하며, 어긋나면 수치를 내지 않습니다.',
  ];
}
