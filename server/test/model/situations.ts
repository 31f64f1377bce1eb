/** What must have happened at least once: a run in which nothing went wrong because nothing happened proves nothing. */
import type { Told } from './explain.ts';
import { ahead } from './line.ts';
import { placeIn, type State } from './state.ts';

interface Moment {
  readonly before: State;
  readonly after: State;
  readonly told: readonly Told[];
}

type Holds = (moment: Moment) => boolean;

const refusedWith =
  (problem: string): Holds =>
  ({ told }) =>
    told.some(({ answer }) => answer['problem'] === problem);

const newly =
  (list: (state: State) => readonly string[]): Holds =>
  ({ before, after }) =>
    list(after).some((each) => !list(before).includes(each));

const payments = (what: string) => (state: State) =>
  Object.entries(state.payments).flatMap(([name, payment]) => (payment.state === what ? [name] : []));

const places = (what: (place: State['places'][number], state: State) => boolean) => (state: State) =>
  state.places.flatMap((place) => (what(place, state) ? [`${place.room}/${place.number}`] : []));

export const SITUATIONS: Readonly<Record<string, Holds>> = {
  'somebody waits because the room is full': newly(places((place) => place.state === 'WAITING')),
  'somebody who waited is let in': newly(places((place) => place.state === 'ACTIVE' && !place.claimed)),
  'somebody waits behind others': newly(places((place, state) => ahead(state, place) > 0)),
  'somebody who waits is left out of the count': ({ before, told }) =>
    told.some(({ call }) => {
      if (call.do !== 'leave') return false;
      const { room, number, state } = placeIn(before, call.place);
      const isBehind = (place: State['places'][number]) => place.room === room && place.number > number;
      return (
        state === 'WAITING' && before.places.some((place) => isBehind(place) && place.state === 'WAITING')
      );
    }),
  'somebody acts before it is their turn': refusedWith('queue.not-admitted'),
  'somebody acts on a turn that is over': refusedWith('queue.turn-over'),
  'a closed room takes nobody in': refusedWith('queue.room-closed'),
  'the token of another room is good for nothing': refusedWith('queue.token-foreign'),
  'a turn that was never taken up runs out': newly(
    places((place) => place.state === 'EXPIRED' && !place.claimed),
  ),
  'a turn that was taken up runs out': newly(places((place) => place.state === 'EXPIRED' && place.claimed)),
  'a turn outlasts its own end for a hold': newly(
    places((place, state) => place.state === 'ACTIVE' && place.holdsUntilMs <= state.nowMs),
  ),
  'seats are taken': refusedWith('seats.taken'),
  'somebody has as many seats as one may': refusedWith('seats.limit-reached'),
  'there is no such seat': refusedWith('seats.not-found'),
  'there is no such performance': refusedWith('performance.not-found'),
  'a sale is not open': refusedWith('sale.not-open'),
  'a hold lapses': newly(payments('LAPSED')),
  'seats are given back': newly(payments('VOID')),
  'what has lapsed is paid too late': refusedWith('payment.lapsed'),
  'what was given back is paid too late': refusedWith('payment.closed'),
  'something is paid a second time': refusedWith('payment.already-paid'),
  'money is missing': refusedWith('wallet.insufficient'),
  'what is paid is given back too late': refusedWith('reservation.not-held'),
  'a purchase is complete': newly((state) =>
    Object.keys(state.reservations).filter((name) => state.reservations[name] === 'CONFIRMED'),
  ),
  'a hold that pays at once has no money': newly(payments('REFUSED')),
  'a second purchase on one turn is refunded': newly((state) =>
    payments('REFUNDED')(state).filter((name) => {
      const place = state.payments[name]?.place;
      return place !== undefined && placeIn(state, place).spentOn !== name;
    }),
  ),
  'something of somebody else is not found': refusedWith('reservation.not-found'),
  'a request is answered again': ({ told }) => told.some(({ answer }) => answer['replayed'] === true),
  'a key is used for something else': refusedWith('idempotency.key-reused'),
};

/** Of a group: some orders of it explain what was answered, and others do not. */
export const ORDER_MATTERED = 'the order of what came together mattered';
