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
import type { Chance } from '../../../scripts/catalogue/random.ts';
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
const PAGE = '?limit=100';

export async function createRecordedFan(deps: RecordedFanDeps): Promise<RecordedFan> {
  const { world, chance } = deps;
  const guest = await world.client().post<{ userId: string; accessToken: string }>('/guests', { key: null });
  const { userId, accessToken: account } = guest.body;
  let turn = '';
  let place: Standing | undefined;
  let placeEtag: string | undefined;

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

  /** With the same key, while nobody knows and there is patience. */
  async function insist<W extends What>(call: Call<W>): Promise<ToldOf<W> | undefined> {
    for (;;) {
      const answered = await send(call);
      if (answered.outcome === 'ok') return answered.told;
      if (answered.outcome === 'refused' || (call.isFinal !== true && chance.percent(25))) return undefined;
      await delay(chance.between(1, 50));
    }
  }

  const post = { method: 'POST', path: '' } as const;
  return {
    chance,
    join: (room) =>
      insist({
        ...post,
        what: 'join',
        asked: { room },
        path: '/queue/tokens',
        token: account,
        body: { room },
        told: ({ status, body }) => {
          turn = body['token'] ?? turn;
          placeEtag = undefined;
          return { ...standingOf(body), fresh: status === 201 };
        },
      }),
    look: (room) =>
      insist({
        what: 'look',
        asked: { room },
        method: 'GET',
        path: '/queue/tokens/me',
        token: turn,
        headers: placeEtag === undefined ? {} : { 'if-none-match': placeEtag },
        told: ({ status, headers, body }) => {
          if (status !== 304) place = standingOf(body);
          placeEtag = headers.get('etag') ?? placeEtag;
          return place ?? standingOf(body);
        },
      }),
    leave: async (room) => {
      const path = '/queue/tokens/me';
      await insist({ what: 'leave', asked: { room }, method: 'DELETE', path, token: turn, told: () => null });
    },
    map: async (performanceId) => {
      const path = `/performances/${performanceId}/seats`;
      await insist({
        what: 'map',
        asked: { performanceId },
        method: 'GET',
        path,
        token: turn,
        told: ({ body }) => ({
          version: body['version'] ?? '',
          remaining: body['remaining'] ?? 0,
          digest: digestOf(body),
        }),
      });
    },
    hold: (asked, key) =>
      insist({
        ...post,
        what: 'hold',
        asked,
        path: '/reservations',
        token: turn,
        body: asked,
        key,
        told: ({ body }) => ({ reservationId: body['reservationId'] ?? '', amount: body['amount'] ?? 0 }),
      }),
    charge: async (amount, key) => {
      await insist({
        ...post,
        what: 'charge',
        asked: { amount },
        path: '/wallet/charges',
        token: account,
        body: { amount },
        key,
        told: ({ body }) => ({ transferId: body['transferId'] ?? '', balance: body['balance'] ?? 0 }),
      });
    },
    pay: async (reservationId, key) => {
      await insist({
        ...post,
        what: 'pay',
        asked: { reservationId },
        path: '/payments',
        token: turn,
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
      const call = {
        what: 'give-back',
        asked: { reservationId },
        method: 'DELETE',
        path,
        token: account,
      } as const;
      await insist({ ...call, told: () => null });
    },
    lookAround: async (isFinal = false) => {
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
        told: ({ body }) => listOf<ToldReservation>(body, 'reservations').map(reservationOf),
      });
      await insist({
        ...get,
        what: 'tickets',
        path: `/tickets${PAGE}`,
        told: ({ body }) => listOf<ToldOf<'tickets'>[number]>(body, 'tickets'),
      });
    },
  };
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
  return listOf<ToldEntry>(body, 'entries')
    .map(({ transferId, kind, amount, balanceAfter, reservationId }) => ({
      transferId,
      kind,
      amount,
      balanceAfter,
      reservationId,
    }))
    .toReversed();
}

function listOf<Item>(body: Body, name: string): readonly Item[] {
  return body[name] as unknown as readonly Item[];
}

function digestOf({ seats }: Body): string {
  return createHash('sha256').update(String(seats)).digest('base64url');
}
