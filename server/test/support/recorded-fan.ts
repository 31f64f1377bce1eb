/** A fan whose every request is taken down, at changing instances, and of whose answers some are lost on the way. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiDeps, createApi, type Reply } from '../../../rehearsal/crowd/api.ts';
import { type Call, calls } from '../../../rehearsal/crowd/calls.ts';
import type { Exchange } from '../../../rehearsal/crowd/exchange.ts';
import type { AskedOf, Standing, ToldOf, What } from '../../../rehearsal/history/operation.ts';
import type { Recorder } from '../../../rehearsal/history/recorder.ts';
import type { Chance } from '../../../scripts/support/random.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { World } from './world.ts';

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
  readonly exchange: Exchange;
  readonly recorder: Recorder;
  readonly chance: Chance;
  /** Out of a hundred answers. */
  readonly lostShare: number;
}

/** Undefined when it was refused, or nobody knows. */
type Insist = <W extends What>(call: Call<W>, isFinal?: boolean) => Promise<Reply<W> | undefined>;

export async function createRecordedFan(deps: RecordedFanDeps): Promise<RecordedFan> {
  const { body } = await deps.world
    .client()
    .post<{ userId: string; accessToken: string }>('/guests', { key: null });
  const { userId, accessToken: account } = body;
  const insist = createInsist(deps, userId);
  let turn = '';
  let place: { readonly etag: string | undefined; readonly told: Standing } | undefined;
  return {
    chance: deps.chance,
    join: async (room) => {
      const joined = await insist(calls.join(account, room));
      if (joined?.outcome !== 'ok') return undefined;
      turn = String(joined.body['token']);
      place = undefined;
      return joined.told;
    },
    look: async (room) => {
      const looked = await insist(calls.look(turn, room, place?.etag, place?.told));
      if (looked?.outcome !== 'ok') return undefined;
      place = { etag: looked.headers.etag, told: looked.told };
      return looked.told;
    },
    leave: async (room) => void (await insist(calls.leave(turn, room))),
    map: async (performanceId) => void (await insist(calls.map(turn, performanceId))),
    hold: async (asked, key) => {
      const held = await insist(calls.hold(turn, key, asked));
      return held?.outcome === 'ok' ? held.told : undefined;
    },
    charge: async (amount, key) => void (await insist(calls.charge(account, key, amount))),
    pay: async (reservationId, key) => void (await insist(calls.pay(turn, key, reservationId))),
    giveBack: async (reservationId) => void (await insist(calls.giveBack(account, reservationId))),
    lookAround: async (isFinal = false) => {
      await insist(calls.wallet(account), isFinal);
      await insist(calls.entries(account), isFinal);
      await insist(calls.reservations(account), isFinal);
      await insist(calls.tickets(account), isFinal);
    },
  };
}

/** With the same key, while nobody knows and there is patience: sooner and shorter than a crowd's, to meet more races. */
function createInsist({ exchange, recorder, chance, lostShare }: RecordedFanDeps, userId: string): Insist {
  const caller = { userId, device: 0, instance: 0 };
  const usual: Omit<ApiDeps, 'exchange'> = {
    recorder,
    note: () => {},
    clock: systemClock,
    pause: () => Promise.resolve(),
    insistMs: 0,
    signal: new AbortController().signal,
  };
  const losing = { ...exchange, send: losingSome(exchange, chance, lostShare) };
  const api = createApi(caller, chance, { ...usual, exchange: losing });
  const inTheEnd = createApi(caller, chance, { ...usual, exchange });
  return async (call, isFinal = false) => {
    for (;;) {
      caller.instance = chance.between(0, exchange.instances - 1);
      const reply = await (isFinal ? inTheEnd : api).ask(call, { isFinal });
      if (reply.outcome === 'ok') return reply;
      if (reply.outcome === 'refused' || (!isFinal && chance.percent(25))) return undefined;
      await delay(chance.between(1, 50));
    }
  };
}

/** The request has come, and its answer is thrown away. */
function losingSome(exchange: Exchange, chance: Chance, lostShare: number): Exchange['send'] {
  return async (instance, message) => {
    const isLost = chance.percent(lostShare);
    const answer = await exchange.send(instance, message);
    return isLost ? { status: 0, headers: {}, text: 'thrown away' } : answer;
  };
}
