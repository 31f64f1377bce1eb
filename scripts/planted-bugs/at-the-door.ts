import type { PlantedBug } from './planted-bug.ts';

const DOOR = 'server/src/http/door.test.ts';
const HOSTILE = 'server/test/journeys/hostile-input.test.ts';
const PAYING = 'server/src/payments/routes.int.test.ts';

export const AT_THE_DOOR: readonly PlantedBug[] = [
  {
    name: 'door-fails-open',
    says: 'When the turn cannot be looked at, the caller is let through: better than turning people away.',
    harm: 'The moment the line’s table is slow, everybody who waits may hold seats.',
    promise: 'I11',
    file: 'server/src/http/door.ts',
    changes: [
      {
        find: 'closed(() => refusalNow({ place: placeOf(request), userId: userOf(request) }, act))',
        replace:
          'closed(() => refusalNow({ place: placeOf(request), userId: userOf(request) }, act).catch(() => undefined))',
      },
    ],
    killers: [{ file: DOOR, test: 'when the line cannot say, the door stays shut' }],
  },
  {
    name: 'turn-not-checked-at-the-hold',
    says: 'A signed token is proof enough to hold seats.',
    harm: 'Whoever waits at place 40,000 buys first.',
    promise: 'I6',
    file: 'server/src/http/route.ts',
    changes: [
      {
        find: 'const refusal = await door.refusalNow(request, action.to);',
        replace:
          "const refusal = action.to === 'hold' ? undefined : await door.refusalNow(request, action.to);",
      },
    ],
    killers: [{ file: HOSTILE, test: 'lets nobody book whose turn it is not' }],
  },
  {
    name: 'token-of-another-room',
    says: 'A turn is a turn, whichever room it is of.',
    harm: 'A turn of the empty line next door buys the seats for which a hundred thousand wait here.',
    promise: 'I6',
    file: 'server/src/seats/seat.ts',
    changes: [
      {
        find: "  if (terms.room !== request.turn.room) return refused('queue.token-foreign', { room: terms.room });\n",
        replace: '',
      },
    ],
    killers: [
      {
        file: 'server/src/seats/seat.test.ts',
        test: 'on a turn of another room is refused and names the right one',
      },
    ],
  },
  {
    name: 'answer-not-recalled',
    says: 'Whose turn is over is told so, whatever was asked for.',
    harm: 'The purchase ended the turn; whoever did not get its answer is told “too late”, and buys again.',
    promise: 'I4',
    file: 'server/src/http/route.ts',
    changes: [{ find: '((await action.recall()) ?? refusal)', replace: 'refusal' }],
    killers: [
      {
        file: 'server/test/journeys/purchase.test.ts',
        test: 'answers a repeated request with its first answer, even when the turn is spent by then',
      },
    ],
  },
  {
    name: 'key-of-anybody',
    says: 'An idempotency key names its request; whose it is does not matter.',
    harm: 'Two people whose apps count from one: the second is given the answer of the first.',
    promise: 'I5',
    file: 'server/src/http/route.ts',
    changes: [
      {
        find: 'requestId: derivedUuid(caller, route, idempotencyKeyOf(request)),',
        replace: 'requestId: derivedUuid(route, idempotencyKeyOf(request)),',
      },
    ],
    killers: [{ file: PAYING, test: 'a key is of one person and one route, and names one body' }],
  },
  {
    name: 'body-not-compared',
    says: 'The same key gives the same answer, whatever the body says.',
    harm: 'A client that uses a key twice believes to have charged 90,000 won. It was 10,000.',
    promise: 'I5',
    file: 'server/src/http/route.ts',
    changes: [
      { find: 'fingerprint: fingerprint(request.body),', replace: 'fingerprint: fingerprint(null),' },
    ],
    killers: [{ file: PAYING, test: 'a key is of one person and one route, and names one body' }],
  },
  {
    name: 'signature-by-its-beginning',
    says: 'The first four characters of a signature are compared: who would guess them?',
    harm: 'Sixteen million tries, half an hour for a script, forge a place at the front of the line.',
    promise: 'I6',
    file: 'server/src/platform/short-mac.ts',
    changes: [
      { find: 'isSame(of(text), signature)', replace: 'isSame(of(text).slice(0, 4), signature.slice(0, 4))' },
    ],
    killers: [
      { file: 'server/src/platform/short-mac.test.ts', test: 'nothing but the very signature is one' },
    ],
  },
  {
    name: 'token-without-end',
    says: 'A token is ours if it is signed; when it ends is for the client to know.',
    harm: 'Tokens of last year’s sale are good for ever, and so is every stolen one.',
    promise: 'I6',
    file: 'server/src/platform/signed-token.ts',
    changes: [{ find: ' && (exp === undefined || nowSeconds < exp)', replace: '' }],
    killers: [
      {
        file: 'server/src/platform/signed-token.test.ts',
        test: 'a token ends at its time, remembered or not',
      },
    ],
  },
];
