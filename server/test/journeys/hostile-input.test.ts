/**
 * Goal: whatever somebody sends, it is refused in the words of the registry, it tells nothing and it does nothing.
 * What is attacked is what the service's own API document lists, so a new route is attacked without a word here.
 */
import { randomUUID } from 'node:crypto';
import { type ProblemCode, problems } from '#contract/problems.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Attack, expectAllRefused, expectNoEffect, type Tally } from '../support/attack.ts';
import { forgeries } from '../support/forgery.ts';
import { HOSTILE_SEGMENTS, spoiltBodies, spoiltQueries } from '../support/hostile-values.ts';
import { fits, type Operation, sampleOf, type Schema, unboundedIn } from '../support/operations.ts';
import { createSiege, type Siege, withToken } from '../support/siege.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';

/** As many as there were when this was written. Raise them as the service grows; never lower them. */
const OPERATIONS_FLOOR = 38;
const ATTACKS_FLOOR = 3_600;

let siege: Siege;
let operations: readonly Operation[];
const tally: Tally = { attacks: 0 };

beforeAll(async () => {
  siege = await createSiege();
  ({ operations } = siege);
});
afterAll(() => siege[Symbol.asyncDispose]());

/** Every attack must be refused, and nothing may come of all of them together. */
async function refuses(attacks: readonly Attack[]): Promise<void> {
  expect(attacks.length).toBeGreaterThan(0);
  await expectNoEffect(siege.world, siege.secrets, () =>
    expectAllRefused(siege.raw, attacks, siege.secrets, tally),
  );
}

const MISSING = {
  account: 'account.required',
  queueToken: 'queue.token-required',
  operator: 'operator.required',
} as const;
const INVALID = {
  account: 'account.token-invalid',
  queueToken: 'queue.token-invalid',
  operator: 'operator.required',
} as const;

const guarded = () =>
  operations.flatMap((operation) => {
    const { guard } = operation;
    return guard === undefined ? [] : [{ operation, guard }];
  });

it('sees every operation, and each that writes says who may', () => {
  expect(operations.length).toBeGreaterThanOrEqual(OPERATIONS_FLOOR);
  const open = operations.filter(({ guard, method }) => guard === undefined && method !== 'GET');
  expect(open.map(({ name }) => name)).toEqual(['POST /api/v1/guests']);
  const desk = operations.filter(({ path }) => path.startsWith('/api/v1/admin/'));
  expect(desk.filter(({ guard }) => guard !== 'operator')).toEqual([]);
});

it('finds a bound in the document for everything that a body may have', () => {
  const unbounded = operations.flatMap(({ name, body }) =>
    body === undefined ? [] : unboundedIn(body).map((at) => `${name} ${at}`),
  );
  expect(unbounded).toEqual([]);
});

it('lets nobody in without credentials, or with them anywhere but in the one header', async () => {
  await refuses(
    guarded().flatMap(({ operation, guard }) => {
      const token = siege.tokenFor(guard);
      const key = ['idempotency-key', randomUUID()];
      const attack = (what: string, code: ProblemCode, headers: string[], query?: string): Attack => ({
        what,
        codes: [code],
        request: siege.requestFor(operation, {
          headers: [...headers, ...key],
          ...(query !== undefined && { query }),
        }),
      });
      return [
        attack('no credentials', MISSING[guard], []),
        attack('in the query', MISSING[guard], [], `access_token=${token}&token=${token}`),
        attack('in a cookie', MISSING[guard], ['cookie', `token=${token}; authorization=Bearer ${token}`]),
        attack('of a gateway that is not there', MISSING[guard], ['x-user-id', siege.owner.userId]),
        attack('as Basic', INVALID[guard], ['authorization', `Basic ${token}`]),
        attack('without a scheme', INVALID[guard], ['authorization', token]),
        attack('nothing', INVALID[guard], ['authorization', 'Bearer ']),
        attack('twice', INVALID[guard], [
          'authorization',
          `Bearer ${token}`,
          'authorization',
          `Bearer ${token}`,
        ]),
        attack('a list', INVALID[guard], ['authorization', `Bearer ${token}, Bearer ${token}`]),
        attack('text', INVALID[guard], ['authorization', 'Bearer \u00e9\u00ff']),
      ];
    }),
  );
});

it('takes no token of another kind, forged or expired', async () => {
  const { signer } = siege.world.instances[0]?.context ?? expect.unreachable();
  const bad = {
    account: [
      ...forgeries(siege.attacker.account, 'account', signer),
      ['a turn', siege.attacker.turn],
      ['the operator', OPERATOR_TOKEN],
    ],
    queueToken: [
      ...forgeries(siege.attacker.turn, 'queue', signer),
      ['an account', siege.attacker.account],
      ['the operator', OPERATOR_TOKEN],
    ],
    operator: [
      ['an account', siege.attacker.account],
      ['a turn', siege.attacker.turn],
      ['a bit more', `${OPERATOR_TOKEN}0`],
      ['a bit less', OPERATOR_TOKEN.slice(0, -1)],
      ['capitals', OPERATOR_TOKEN.toUpperCase()],
      ['a token of that type', signer.sign('operator', { sub: siege.owner.userId })],
    ],
  };
  await refuses(
    guarded().flatMap(({ operation, guard }) =>
      bad[guard].map(([what = '', token = '']) => ({
        what,
        codes: [INVALID[guard]],
        request: siege.requestFor(operation, { headers: withToken(token) }),
      })),
    ),
  );
});

it('lets nobody book whose turn it is not', async () => {
  const { signer } = siege.world.instances[0]?.context ?? expect.unreachable();
  const ownersNumber = (await siege.client.get('/queue/tokens/me', siege.owner.turn)).body['number'];
  const place = { sub: siege.attacker.userId, room: 'main', epoch: 1, n: ownersNumber };
  const turns: [string, ProblemCode, string][] = [
    ['one who waits', 'queue.not-admitted', siege.waiting.turn],
    ['one who left', 'queue.turn-over', siege.left.turn],
    ['one whose turn is spent', 'queue.turn-over', siege.owner.turn],
    ['somebody else’s number', 'queue.token-foreign', signer.sign('queue', place)],
    ['a number that nobody has', 'queue.turn-over', signer.sign('queue', { ...place, n: 987_654 })],
    ['a room that is not there', 'queue.turn-over', signer.sign('queue', { ...place, room: 'nowhere' })],
    ['another life of the room', 'queue.turn-over', signer.sign('queue', { ...place, epoch: 2 })],
  ];
  // With a place in line, whatever its state, one may see it, watch it and give it up.
  const booking = guarded().filter(
    ({ operation, guard }) => guard === 'queueToken' && !operation.path.includes('/tokens/me'),
  );
  expect(booking.length).toBeGreaterThanOrEqual(3);
  await refuses(
    booking.flatMap(({ operation }) =>
      turns.map(([what, code, token]) => ({
        what,
        codes: [code],
        request: siege.requestFor(operation, { headers: withToken(token) }),
      })),
    ),
  );
});

it('takes no body but what the schema says, to the letter', async () => {
  const taking = operations.filter(({ body }) => body !== undefined);
  expect(taking.length).toBeGreaterThanOrEqual(9);
  for (const operation of taking) {
    const { body: schema = {} } = operation;
    const spoilt = spoiltBodies(schema, sampleOf(schema, siege.known));
    expect(spoilt.length, operation.name).toBeGreaterThanOrEqual(45);
    await refuses(
      spoilt.map(({ what, body }) => ({
        what,
        codes: ['request.invalid'],
        request: siege.requestFor(operation, { body }),
      })),
    );
  }
});

it('takes nothing but JSON, and not too much of it', async () => {
  const types =
    'text/plain|application/x-www-form-urlencoded|multipart/form-data; boundary=x|application/jsonx|*/*|x|' +
    'application/merge-patch+json|application/json; charset=utf-16|application/json, text/plain';
  await refuses(
    operations.flatMap((operation) => {
      if (operation.body === undefined) return [];
      const good = withToken(siege.tokenFor(operation.guard));
      const typed = (headers: string[]): Attack => ({
        what: headers.join(': '),
        codes: ['request.unsupported-media-type'],
        request: siege.requestFor(operation, { headers: [...good, ...headers] }),
      });
      const large = JSON.stringify({ hostile: 'a'.repeat(17 * 1024) });
      return [
        ...types.split('|').map((type) => typed(['content-type', type])),
        ...['gzip', 'br', 'x'].map((name) =>
          typed(['content-type', 'application/json', 'content-encoding', name]),
        ),
        {
          what: '17 KiB',
          // What describes a whole venue may be larger; then it is the field that is refused.
          codes:
            operation.guard === 'operator'
              ? ['request.body-too-large', 'request.invalid']
              : ['request.body-too-large'],
          request: siege.requestFor(operation, { body: large }),
        },
      ];
    }),
  );
});

it('takes no Idempotency-Key but one that is usable', async () => {
  const keyed = operations.filter(({ takesKey }) => takesKey);
  expect(keyed.length).toBeGreaterThanOrEqual(6);
  const key = 'idempotency-key';
  await refuses(
    keyed.flatMap((operation) => {
      const attack = (what: string, code: ProblemCode, headers: string[]): Attack => ({
        what,
        codes: [code],
        request: siege.requestFor(operation, {
          headers: ['authorization', `Bearer ${siege.tokenFor(operation.guard)}`, ...headers],
        }),
      });
      const invalid = 'idempotency.key-invalid';
      return [
        attack('none', 'idempotency.key-missing', []),
        attack('empty', invalid, [key, '']),
        attack('blank', invalid, [key, '  ']),
        attack('256 characters', invalid, [key, 'a'.repeat(256)]),
        attack('two', invalid, [key, 'a', key, 'b']),
        attack('the same twice', invalid, [key, 'a', 'Idempotency-Key', 'a']),
        attack('a blank within', invalid, [key, 'a b']),
        attack('not ASCII', invalid, [key, 'caf\u00e9']),
        attack('a tab', invalid, [key, 'a\tb']),
      ];
    }),
  );
});

it('finds nothing where the path names nothing', async () => {
  const named = operations.filter(({ params }) => params.length > 0);
  expect(named.length).toBeGreaterThanOrEqual(12);
  await refuses(
    named.flatMap((operation) =>
      operation.params.flatMap(({ name }) => {
        // One's own id in another spelling is no second name for the same thing.
        const own = JSON.stringify(siege.known[name] ?? '').replaceAll('"', '');
        const spellings = [own.toUpperCase(), `%20${own}`, `${own}%20`, `${own}/`].filter(
          (each) => each !== own,
        );
        return [...HOSTILE_SEGMENTS, ...spellings].map((text) => ({
          what: `${name} is ${text}`,
          codes: NOT_THERE,
          request: siege.requestFor(operation, { params: { [name]: text } }),
        }));
      }),
    ),
  );
});

const NOT_THERE = Object.keys(problems).filter((code): code is ProblemCode =>
  /not-found$|^request\.invalid$|^route\./.test(code),
);

it('takes no query but what it names', async () => {
  const asking = operations.filter(({ query }) => query.length > 0);
  expect(asking.length).toBeGreaterThanOrEqual(8);
  await refuses(
    asking.flatMap((operation) =>
      spoiltQueries(operation).map((query) => ({
        what: 'the query',
        codes: ['request.invalid'],
        request: siege.requestFor(operation, { query }),
      })),
    ),
  );
});

it('answers for what belongs to somebody else exactly as for what is not there', async () => {
  const seen = operations.flatMap((operation) =>
    operation.guard === 'account' || operation.guard === 'queueToken'
      ? namesOf(operation).flatMap((named) =>
          fits(named.schema, randomUUID()) ? [{ operation, ...named }] : [],
        )
      : [],
  );
  expect(seen.length).toBeGreaterThanOrEqual(4);
  await expectNoEffect(siege.world, siege.secrets, async () => {
    await Promise.all(
      seen.map(async ({ operation, name, inBody }) => {
        const answerFor = async (id: string) => {
          const sample = operation.body && {
            ...(sampleOf(operation.body, siege.known) as object),
            [name]: id,
          };
          const change = inBody ? { body: JSON.stringify(sample) } : { params: { [name]: id } };
          const answer = await siege.raw.send(siege.requestFor(operation, change));
          const { requestId, ...rest } = JSON.parse(answer.text) as Record<string, unknown>;
          expect(requestId).toBeDefined();
          return { status: answer.status, headers: Object.keys(answer.headers), body: rest };
        };
        const theirs =
          siege.victims[name] ?? expect.unreachable(`${operation.name}: say whose ${name} is not one's own`);
        const [unknown, ...answers] = await Promise.all([randomUUID(), ...theirs].map(answerFor));
        expect(unknown?.status, operation.name).toBe(404);
        for (const answer of answers) expect(answer, operation.name).toEqual(unknown);
      }),
    );
  });
});

function namesOf({ params, body }: Operation): { inBody: boolean; name: string; schema: Schema }[] {
  return [
    ...params.map((param) => ({ inBody: false, ...param })),
    ...Object.entries(body?.properties ?? {}).map(([name, schema]) => ({ inBody: true, name, schema })),
  ];
}

it('lists nothing of anybody else', async () => {
  const lists = operations.filter(
    ({ guard, method, params }) => guard === 'account' && method === 'GET' && params.length === 0,
  );
  expect(lists.length).toBeGreaterThanOrEqual(4);
  const theirs = [...Object.values(siege.victims).flat(), ...siege.secrets];
  for (const operation of lists) {
    // A header that names a user means something only behind a gateway that was configured.
    const named = ['x-user-id', siege.owner.userId, 'x-forwarded-user', siege.owner.userId];
    const { status, text } = await siege.raw.send(
      siege.requestFor(operation, { headers: [...withToken(siege.attacker.account), ...named] }),
    );
    expect(status, operation.name).toBe(200);
    expect(
      theirs.filter((each) => text.includes(each)),
      operation.name,
    ).toEqual([]);
  }
});

it('attacked as much as it says', () => {
  expect(tally.attacks).toBeGreaterThanOrEqual(ATTACKS_FLOOR);
});

it('takes no price from a buyer: what it costs is what the table says', async () => {
  const buying = operations.filter(({ body, guard }) => body !== undefined && guard !== 'operator');
  const money = buying.flatMap(({ name, body = {} }) =>
    [...JSON.stringify(body).matchAll(/"(\w*(?:price|amount|krw|cost|total|fee|discount)\w*)":\{/gi)].map(
      ([, field]) => `${name} ${field}`,
    ),
  );
  expect(money).toEqual(['POST /api/v1/wallet/charges amount']);

  const { world, performanceId } = siege;
  const fan = await siege.client.fan();
  await fan.charge(100_000);
  const text = `/* test.reprice */ update seats.seat set price_krw = price_krw + seat_no
    where performance_id = $1 and seat_no in (31, 32) returning price_krw`;
  const prices = await world.db.database.rows<{ price_krw: number }>({ name: 'test.reprice', text }, [
    performanceId,
  ]);
  expect(prices.map((row) => row.price_krw)).toEqual([45_701, 45_702]);
  const held = await fan.hold(performanceId, [31, 32]);
  expect(held).toMatchObject({ status: 201, body: { amount: 91_403 } });
  const paid = await fan.pay(String(held.body['reservationId']));
  expect(paid).toMatchObject({ status: 201, body: { amount: 91_403, balance: 8_597 } });
});

it('refused all of it for the attack: unspoilt, every request is taken', async () => {
  const last = (operation: Operation) => Number(operation.method === 'DELETE');
  const refused: string[] = [];
  for (const operation of operations.toSorted((a, b) => last(a) - last(b))) {
    const answer = await siege.raw.send(siege.requestFor(operation));
    const isTaken =
      answer.status < 400 || /"code":"(?:parked-event|payment|reservation|ticket)\./.test(answer.text);
    if (!isTaken) refused.push(`${operation.name}: ${answer.status} ${answer.text}`);
  }
  expect(refused).toEqual([]);
});
