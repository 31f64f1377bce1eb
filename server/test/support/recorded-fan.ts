/** A fan whose every request is taken down, at changing instances, and of whose answers some are lost on the way. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  AskedOf,
  Standing,
  ToldEntry,
  ToldOf,
  ToldReservation,
  What,
} from '../../../rehearsal/history/operation.ts';
import type { Answered, Recorder } from '../../../rehearsal/history/recorder.ts';
import type { Chance } from '../../../scripts/support/random.ts';
import type { Answer, RequestOptions } from './client.ts';
import type { World } from './world.ts';

type Body = Record<string, never>;

interface Call<W extends What> extends Pick<RequestOptions, 'token' | 'body' | 'headers'> {
  readonly what: W;
  readonly asked: AskedOf<W>;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly key?: string;
  readonly isFinal?: boolean;
  readonly told: (answer: Answer<Body>) => ToldOf<W>;
}

export interface RecordedFan {
  readonly chance: Chance;
  join(room: string): Promise<ToldOf<'join'> | undefined>;
  look(room: string): Promise<Standing | undefined>;
  leave(room: string): Promise<void>;
  map(performanceId: number): Promise<void>;
  hold(asked: AskedOf<'hold'>, key: string): Promise<ToldOf<'hold'> | undefined>;
  charge(amount: number, key: string): Promise<void>;
  pay(reservationId: string, key: string): Promise<void>;
  giveBack(reservationId: string): Promise<void>;
  /** At everything that is one's own. */
  lookAround(isFinal?: boolean): Promise<void>;
}

export interface RecordedFanDeps {
  readonly world: World;
  readonly instances: number;
  readonly recorder: Recorder;
  readonly chance: Chance;
  /** Out of a hundred answers. */
  readonly lostShare: number;
}

const LOST = { status: 0, outcome: 'unknown', problem: 'thrown away' } as const;
const NONE: readonly never[] = [];
const PAGE = '?limit=100';

/** What a fan has to show, and saw last. */
interface Session {
  readonly account: string;
  turn: string;
  place: Standing | undefined;
  placeEtag: string | undefined;
}

type Insist = <W extends What>(call: Call<W>) => Promise<ToldOf<W> | undefined>;

export async function createRecordedFan(deps: RecordedFanDeps): Promise<RecordedFan> {
  const guest = await deps.world
    .client()
    .post<{ userId: string; accessToken: string }>('/guests', { key: null });
  const { userId, accessToken: account } = guest.body;
  const session: Session = { account, turn: '', place: undefined, placeEtag: undefined };
  const insist = createInsist(deps, userId);
  return {
    chance: deps.chance,
    ...lineOf(insist, session),
    ...purchasesOf(insist, session),
    ...walletOf(insist, session),
    lookAround: (isFinal = false) => lookAround(insist, session, isFinal),
  };
}

/** With the same key, while nobody knows and there is patience. */
function createInsist(deps: RecordedFanDeps, userId: string): Insist {
  const { world, chance } = deps;
  async function send<W extends What>(call: Call<W>): Promise<Answered<W>> {
    const { what, asked, method, path, key = null, isFinal = false, told, ...options } = call;
    const instance = chance.between(0, deps.instances - 1);
    const isLost = !isFinal && chance.percent(deps.lostShare);
    const record = deps.recorder.begin<W>({ userId, device: 0, instance, what, asked, key, isFinal });
    const answer = await world.client(instance).request<Body>(method, path, { ...options, key });
    const answered = isLost ? LOST : answeredBy<W>(answer, told);
    record.end(answered);
    return answered;
  }
  return async (call) => {
    for (;;) {
      const answered = await send(call);
      if (answered.outcome === 'ok') return answered.told;
      if (answered.outcome === 'refused' || (call.isFinal !== true && chance.percent(25))) return undefined;
      await delay(chance.between(1, 50));
    }
  };
}

function lineOf(insist: Insist, session: Session): Pick<RecordedFan, 'join' | 'look' | 'leave'> {
  const own = '/queue/tokens/me';
  return {
    join: (room) =>
      insist({
        what: 'join',
        asked: { room },
        method: 'POST',
        path: '/queue/tokens',
        token: session.account,
        body: { room },
        told: ({ status, body }) => {
          session.turn = body['token'] ?? session.turn;
          session.placeEtag = undefined;
          return { ...standingOf(body), fresh: status === 201 };
        },
      }),
    look: (room) =>
      insist({
        what: 'look',
        asked: { room },
        method: 'GET',
        path: own,
        token: session.turn,
        headers: session.placeEtag === undefined ? {} : { 'if-none-match': session.placeEtag },
        told: ({ status, headers, body }) => {
          const told = status === 304 && session.place !== undefined ? session.place : standingOf(body);
          session.place = told;
          session.placeEtag = headers.get('etag') ?? session.placeEtag;
          return told;
        },
      }),
    leave: async (room) => {
      const call = { what: 'leave', asked: { room }, method: 'DELETE', path: own } as const;
      await insist({ ...call, token: session.turn, told: () => null });
    },
  };
}

function purchasesOf(
  insist: Insist,
  session: Session,
): Pick<RecordedFan, 'map' | 'hold' | 'pay' | 'giveBack'> {
  return {
    map: async (performanceId) => {
      await insist({
        what: 'map',
        asked: { performanceId },
        method: 'GET',
        path: `/performances/${performanceId}/seats`,
        token: session.turn,
        told: ({ body }) => ({
          version: body['version'] ?? '',
          remaining: body['remaining'] ?? 0,
          digest: digestOf(body),
        }),
      });
    },
    hold: (asked, key) =>
      insist({
        what: 'hold',
        asked,
        method: 'POST',
        path: '/reservations',
        token: session.turn,
        body: asked,
        key,
        told: ({ body }) => ({ reservationId: body['reservationId'] ?? '', amount: body['amount'] ?? 0 }),
      }),
    pay: async (reservationId, key) => {
      await insist({
        what: 'pay',
        asked: { reservationId },
        method: 'POST',
        path: '/payments',
        token: session.turn,
        body: { reservationId },
        key,
        told: ({ body }) => ({
          paymentId: body['paymentId'] ?? '',
          amount: body['amount'] ?? 0,
          balance: body['balance'] ?? 0,
        }),
      });
    },
    giveBack: async (reservationId) => {
      const path = `/reservations/${reservationId}`;
      const call = { what: 'give-back', asked: { reservationId }, method: 'DELETE', path } as const;
      await insist({ ...call, token: session.account, told: () => null });
    },
  };
}

function walletOf(insist: Insist, { account }: Session): Pick<RecordedFan, 'charge'> {
  return {
    charge: async (amount, key) => {
      await insist({
        what: 'charge',
        asked: { amount },
        method: 'POST',
        path: '/wallet/charges',
        token: account,
        body: { amount },
        key,
        told: ({ body }) => ({ transferId: body['transferId'] ?? '', balance: body['balance'] ?? 0 }),
      });
    },
  };
}

async function lookAround(insist: Insist, { account }: Session, isFinal: boolean): Promise<void> {
  const get = { method: 'GET', asked: null, token: account, isFinal } as const;
  await insist({
    ...get,
    what: 'wallet',
    path: '/wallet',
    told: ({ body }) => ({ balance: body['balance'] ?? 0 }),
  });
  await insist({
    ...get,
    what: 'entries',
    path: `/wallet/entries${PAGE}`,
    told: ({ body }) => entriesOf(body),
  });
  await insist({
    ...get,
    what: 'reservations',
    path: `/reservations${PAGE}`,
    told: ({ body }) => (body['reservations'] ?? NONE).map(reservationOf),
  });
  await insist({
    ...get,
    what: 'tickets',
    path: `/tickets${PAGE}`,
    told: ({ body }) => body['tickets'] ?? NONE,
  });
}

function answeredBy<W extends What>(
  answer: Answer<Body>,
  told: (answer: Answer<Body>) => ToldOf<W>,
): Answered<W> {
  const { status, body } = answer;
  if (status < 300 || status === 304) return { status, outcome: 'ok', told: told(answer) };
  const problem: string = body['code'] ?? '';
  if (status >= 500) return { status, outcome: 'unknown', problem };
  const taken: readonly number[] | undefined = body['seats'];
  return { status, outcome: 'refused', problem, ...(taken !== undefined && { taken }) };
}

function standingOf({ number, state, ahead }: Body): Standing {
  return { number, state, ahead } as unknown as Standing;
}

function reservationOf({ reservationId, status, seats, amount }: ToldReservation): ToldReservation {
  return { reservationId, status, seats, amount };
}

/** Oldest first; they come newest first. */
function entriesOf(body: Body): ToldEntry[] {
  return (body['entries'] ?? NONE)
    .map(({ transferId, kind, amount, balanceAfter, reservationId }) => ({
      transferId,
      kind,
      amount,
      balanceAfter,
      reservationId,
    }))
    .toReversed();
}

function digestOf({ seats }: Body): string {
  return createHash('sha256').update(String(seats)).digest('base64url');
}
