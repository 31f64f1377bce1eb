/** Somebody who wants tickets, one way or another. */
import type { Client } from './client.ts';
import type { Nature } from './nature.ts';
import type { SimulatedService, Terms } from './service.ts';

export interface FanDeps {
  readonly nature: Nature;
  readonly service: SimulatedService;
  readonly terms: Terms;
  readonly userId: string;
  readonly client: Client;
}

export const ROOM = 'main';
export const PERFORMANCE_ID = 1;
const ROUNDS = 3;
const LOOKS_MAX = 25;

export async function visit(deps: FanDeps): Promise<void> {
  const { nature, client } = deps;
  const { chance, time } = nature;
  const keys = createKeys(deps);
  await time.wait(chance.between(0, 1_000));
  for (let round = 0; round < ROUNDS; round++) {
    if (await waitForTurn(deps)) {
      const shopping = chance.percent(20) ? [shop(deps, keys), shop(deps, keys)] : [shop(deps, keys)];
      await Promise.all(shopping);
    }
    await lookAround(deps);
    if (chance.percent(30)) {
      await client.ask({
        what: 'leave',
        asked: { room: ROOM },
        act: () => deps.service.line.leave(deps.userId),
      });
    }
    await time.wait(chance.between(0, 1_500));
  }
}

function createKeys({ userId }: FanDeps): () => string {
  let last = 0;
  return () => `${userId} ${++last}`;
}

async function waitForTurn({ nature, service, userId, client }: FanDeps): Promise<boolean> {
  const { chance, time } = nature;
  const join = { what: 'join', asked: { room: ROOM }, act: () => service.line.join(userId) } as const;
  const isImpatient = chance.percent(30);
  const [joined] = await Promise.all([client.insist(join), isImpatient ? client.insist(join) : undefined]);
  if (joined === undefined) return false;
  let { number, state } = joined;
  let seen = 0;
  for (let looks = 0; state === 'WAITING' && looks < LOOKS_MAX; looks++) {
    await time.wait(chance.between(20, 400));
    if (chance.percent(5)) ({ number = number } = (await client.ask(join)) ?? {});
    const told = await client.ask({
      what: 'look',
      asked: { room: ROOM },
      act: (instance) => {
        const { answer, version } = service.line.look(number, instance, seen);
        seen = Math.max(seen, version);
        return answer;
      },
    });
    state = told?.state ?? state;
  }
  return state === 'ACTIVE';
}

async function shop(deps: FanDeps, nextKey: () => string): Promise<void> {
  const { nature, service, terms, userId, client } = deps;
  const { chance, time } = nature;
  for (let tries = 0; tries < 3; tries++) {
    await client.ask({
      what: 'map',
      asked: { performanceId: PERFORMANCE_ID },
      act: (instance) => service.boards.map(instance),
    });
    const seats = chooseSeats(deps);
    const asked = { performanceId: PERFORMANCE_ID, seats, payNow: chance.percent(20) };
    const [holdKey, chargeKey] = [nextKey(), nextKey()];
    if (asked.payNow || chance.percent(70)) await charge(deps, chargeKey, seats.length * terms.priceKrw);
    const hold = {
      what: 'hold',
      asked,
      key: holdKey,
      act: (instance: number) => service.hold(userId, holdKey, asked, instance),
    } as const;
    const twice = chance.percent(25) ? client.insist(hold) : undefined;
    const held = (await client.insist(hold)) ?? (await twice);
    await twice;
    if (held === undefined) continue;
    await time.wait(chance.between(0, 300));
    if (asked.payNow) return;
    await settle(deps, nextKey, held.reservationId);
    return;
  }
}

/** Next to each other, and most want to sit in front. */
function chooseSeats({ nature: { chance }, terms }: FanDeps): number[] {
  const first = chance.between(1, chance.percent(60) ? 4 : terms.seats);
  const last = Math.min(terms.seats, first + chance.between(0, 2));
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Pays, gives back, both at once, too late, or not at all. */
async function settle(deps: FanDeps, nextKey: () => string, reservationId: string): Promise<void> {
  const { nature, service, terms, userId, client } = deps;
  const { chance, time } = nature;
  const key = nextKey();
  const pay = () =>
    client.insist({
      what: 'pay',
      asked: { reservationId },
      key,
      act: () => service.pay(userId, key, reservationId),
    });
  const giveBack = () =>
    client.insist({
      what: 'give-back',
      asked: { reservationId },
      act: () => service.giveBack(userId, reservationId),
    });
  const way = chance.between(1, 10);
  if (way === 1) return;
  if (way === 2) return void (await giveBack());
  if (way === 3) return void (await Promise.all([giveBack(), pay()]));
  if (way === 4) await time.wait(chance.between(terms.holdTtlMs / 2, terms.holdTtlMs * 2));
  if (way > 5) await charge(deps, nextKey(), 3 * terms.priceKrw);
  await Promise.all([pay(), chance.percent(30) ? pay() : undefined]);
}

async function charge(deps: FanDeps, key: string, amount: number): Promise<void> {
  const { nature, service, userId, client } = deps;
  const act = () => service.wallets.charge(userId, key, amount);
  const once = () => client.insist({ what: 'charge', asked: { amount }, key, act });
  await Promise.all([once(), nature.chance.percent(20) ? once() : undefined]);
}

async function lookAround({ service, userId, client }: FanDeps): Promise<void> {
  await client.ask({ what: 'wallet', asked: null, act: () => service.wallets.wallet(userId) });
  await client.ask({ what: 'reservations', asked: null, act: () => service.reservations(userId) });
  await client.ask({ what: 'entries', asked: null, act: () => service.wallets.entries(userId) });
}

/** When everything is over. */
export async function lookAtTheEnd({ service, userId, client }: FanDeps): Promise<void> {
  const final = { asked: null, isFinal: true } as const;
  await client.ask({ ...final, what: 'wallet', act: () => service.wallets.wallet(userId) });
  await client.ask({ ...final, what: 'entries', act: () => service.wallets.entries(userId) });
  await client.ask({ ...final, what: 'reservations', act: () => service.reservations(userId) });
  await client.ask({ ...final, what: 'tickets', act: () => service.tickets(userId) });
}
