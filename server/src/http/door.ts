/**
 * Who is let through to a handler. Each guard either settles `request.caller` or refuses; whatever goes
 * wrong inside a guard refuses too.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Place } from '#contract/ids.ts';
import { refused } from '#contract/problems.ts';
import type { FastifyRequest } from 'fastify';
import { bearerOf } from './bearer.ts';
import type { Accounts } from './identity/accounts.ts';
import { type Act, type Caller, type Door, placeOf, Refused, userOf } from './route.ts';

/** What a door needs of the waiting room. */
export interface TurnKeeper {
  /** Whose place a queue token stands for; undefined unless the token is genuine. */
  verifyToken(text: string): { readonly userId: string; readonly place: Place } | undefined;
  requireActive(place: Place, userId: string, act: Act): Promise<'active' | 'waiting' | 'over' | 'foreign'>;
}

export interface DoorDeps {
  readonly accounts: Accounts;
  readonly waitingRoom: TurnKeeper;
  readonly operatorToken: string;
}

const QUEUE = { missing: 'queue.token-required', invalid: 'queue.token-invalid' } as const;
const OPERATOR = { missing: 'operator.required', invalid: 'operator.required' } as const;

const NO_TURN = {
  waiting: 'queue.not-admitted',
  over: 'queue.turn-over',
  foreign: 'queue.token-foreign',
} as const;

type Placed = Extract<Caller, { kind: 'place' }>;

export function createDoor(deps: DoorDeps): Door {
  const { accounts, waitingRoom } = deps;
  const operatorDigest = digest(deps.operatorToken);

  function placed(request: FastifyRequest): Placed {
    const found = waitingRoom.verifyToken(bearerOf(request, QUEUE));
    if (found === undefined) throw new Refused('queue.token-invalid');
    const named = accounts.userBesideToken?.(request);
    if (named !== undefined && named !== found.userId) throw new Refused('queue.token-foreign');
    return { kind: 'place', userId: found.userId, place: found.place };
  }

  async function refusalNow({ place, userId }: Pick<Placed, 'place' | 'userId'>, act: Act) {
    const state = await waitingRoom.requireActive(place, userId, act);
    return state === 'active' ? undefined : refused(NO_TURN[state]);
  }

  return {
    account: guard(async (request) => ({ kind: 'account', userId: await accounts.userOf(request) })),
    place: guard(placed),
    turn: guard(async (request) => {
      const caller = placed(request);
      const refusal = await refusalNow(caller, 'look');
      if (refusal !== undefined) throw new Refused(refusal.problem);
      return caller;
    }),
    operator: guard((request) => {
      const given = digest(bearerOf(request, OPERATOR));
      if (!timingSafeEqual(given, operatorDigest)) throw new Refused('operator.required');
      return { kind: 'operator' };
    }),
    refusalNow: (request, act) =>
      closed(() => refusalNow({ place: placeOf(request), userId: userOf(request) }, act)),
  };
}

type Guard = Door['account'];

/** Who is known at once passes at once: a poll waits for no promise. */
function guard(settle: (request: FastifyRequest) => Caller | Promise<Caller>): Guard {
  return (request, _reply, done) => {
    const pass = (caller: Caller) => {
      request.caller = caller;
      done();
    };
    const stop = (error: unknown) => done(refusalFor(error));
    let caller: Caller | Promise<Caller>;
    try {
      caller = settle(request);
    } catch (error) {
      stop(error);
      return;
    }
    if (caller instanceof Promise) caller.then(pass, stop);
    else pass(caller);
  };
}

async function closed<T>(decide: () => T | Promise<T>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    throw refusalFor(error);
  }
}

/** What cannot decide keeps the door shut, and says so as 503: the caller did nothing wrong. */
function refusalFor(error: unknown): Refused {
  if (error instanceof Refused) return error;
  return new Refused('service.unavailable', undefined, { cause: error });
}

/** Of one length whatever was given, so that the comparison takes one time. */
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
