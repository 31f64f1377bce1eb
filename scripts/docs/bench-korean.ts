/** What the table of figures says, in Korean: works, units, and what stands beside them, as the parts of bench/ call them. */

const WORKS: Readonly<Record<string, string>> = {
  'durable seat holds, distinct seats': '내구성 있는 좌석 임시 배정, 서로 다른 좌석',
  '1,000 buyers on the same 50 seats': '같은 50석에 몰린 구매자 1,000명',
  '1,000 buyers on the same 50 seats, at half of that rate':
    '같은 50석에 몰린 구매자 1,000명, 그 절반 속도에서',
  'whole purchases: join, hold, pay, confirmed, sold, turn spent':
    '전체 구매: 대기, 임시 배정, 결제, 예약 확정, 판매, 차례 사용까지',
  'selling 50,000 seats to 200,000 fans': '팬 200,000명에게 50,000석 판매',
  'hold, idle': '임시 배정, 한가할 때',
  'hold, at half of saturation': '임시 배정, 포화의 절반에서',
  'pay, idle': '결제, 한가할 때',
  'pay, at half of saturation': '결제, 포화의 절반에서',
  'reaction lag: paid → seat sold and turn spent, idle': '반응 지연: 결제 → 좌석 판매와 차례 사용, 한가할 때',
  'reaction lag: paid → seat sold and turn spent, at half of saturation':
    '반응 지연: 결제 → 좌석 판매와 차례 사용, 포화의 절반에서',
  'joins, strictly in order': '엄격한 순서의 대기 신청',
  'polls with 1,000,000 in line': '1,000,000명이 대기 중일 때 폴링',
  'polls with 1,000,000 in line, beside few': '1,000,000명이 대기 중일 때 폴링, 적을 때와 비교',
  'polls with 1,000,000 in line, below saturation': '1,000,000명이 대기 중일 때 폴링, 포화 아래에서',
  'polls with 1,000,000 in line, below saturation, beside it':
    '1,000,000명이 대기 중일 때 폴링, 포화 아래에서, 기준과 비교',
  'memory of an instance that is polled, 1,000,000 in line':
    '폴링을 받는 인스턴스의 메모리, 대기 1,000,000명',
  'seat map: 100,000 seats, binary': '좌석 배치도: 100,000석, 바이너리',
  'seat map: 100,000 seats, nothing new (304)': '좌석 배치도: 100,000석, 변경 없음(304)',
  'seat map: 50 seats, JSON': '좌석 배치도: 50석, JSON',
  '10,000 streams, an update a second to each': '스트림 10,000개, 각각 1초에 한 번 갱신',
  'memory with 10,000 streams, after 30 s': '스트림 10,000개의 메모리, 30초 뒤',
  '300 streams that nobody reads': '아무도 읽지 않는 스트림 300개',
  'hold, given back: 2,000,000 seats, 1,000,000 waiting': '임시 배정과 취소: 2,000,000석, 대기 1,000,000명',
  'seat map: 2,000,000 seats, 1,000,000 waiting': '좌석 배치도: 2,000,000석, 대기 1,000,000명',
  'poll: 2,000,000 seats, 1,000,000 waiting': '폴링: 2,000,000석, 대기 1,000,000명',
};

const UNITS: Readonly<Record<string, string>> = {
  'holds/s': '건/s',
  'decisions/s': '건/s',
  'purchases/s': '건/s',
  'joins/s': '건/s',
  'polls/s': '회/s',
  'views/s': '회/s',
  s: 's',
  MB: 'MB',
  'ms, p50': 'ms, p50',
  'ms, p99': 'ms, p99',
  'transactions of the database a poll': '폴링당 데이터베이스 트랜잭션',
  'MB, peak of the Node process': 'MB, Node 프로세스의 최댓값',
  'MB of the heap, alive': 'MB, 살아 있는 힙',
  '% of them were cut off': '%가 끊김',
  'cores, added by the streams': '코어, 스트림이 더한 만큼',
  '% of the streams got each update': '%의 스트림이 모든 갱신을 받음',
  'updates/s at each': '회/s, 스트림마다',
  'µs of cores each': 'µs, 건당 코어 시간',
};

const REFERENCES: Readonly<Record<string, string>> = {
  'pgbench, usual transaction': 'pgbench, 보통의 트랜잭션',
  'pgbench, usual transactions': 'pgbench, 보통의 트랜잭션',
  'pgbench, strongest single statement': 'pgbench, 가장 빠른 단일 구문',
  'pgbench, strongest statements': 'pgbench, 가장 빠른 구문',
  'as many seats as holds': '임시 배정 수만큼의 좌석',
  'the same statements alone': '같은 구문만 실행',
  'pgbench, a sequence gives numbers (no order of answers)': 'pgbench, 시퀀스로 번호 부여(응답 순서 없음)',
  'Frontrow, 10,000 people in line': 'Frontrow, 대기 10,000명',
  'bare Fastify, the same bytes': '최소한의 Fastify, 같은 바이트',
  'bare Fastify: 100,000 seats, binary': '최소한의 Fastify, 같은 바이트',
  'bare Fastify: 100,000 seats, nothing new (304)': '최소한의 Fastify, 같은 바이트',
  'bare Fastify: 50 seats, JSON': '최소한의 Fastify, 같은 바이트',
  'when the last was open': '마지막 스트림이 열렸을 때',
  'houses of 50 seats, 50 waiting': '50석 공연장, 대기자 50명',
};

const PHRASES = new Map(Object.entries({ ...WORKS, ...UNITS, ...REFERENCES }));

/** Refuses all phrases without a Korean one at once, so that they are entered at once. */
export function korean(phrases: readonly string[]): (phrase: string) => string {
  const missing = [...new Set(phrases)].filter((phrase) => !PHRASES.has(phrase));
  if (missing.length > 0) {
    const list = missing.map((phrase) => `  ${phrase}`).join('\n');
    throw new Error(`scripts/docs/bench-korean.ts has no Korean for:\n${list}`);
  }
  return (phrase) => PHRASES.get(phrase) ?? phrase;
}
