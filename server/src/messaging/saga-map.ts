/**
 * The choreography: which event leads to what. This table drives the readers (each gets exactly the events
 * that name it), types the reactions (a module that lacks one does not compile), and is what docs/events.md
 * is generated from.
 */
import type { EventName, EventOf } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';

/** Services that emit or react. A reader is a service that reacts; it has one cursor. */
export type Service = 'catalogue' | 'seats' | 'reservations' | 'payments' | 'waiting-room';
export const READERS = ['seats', 'reservations', 'payments', 'waiting-room'] as const;
export type ReaderName = (typeof READERS)[number];

interface ReactionEntry {
  readonly does: string;
  readonly emits: readonly EventName[];
}
interface SagaEntry {
  readonly emittedBy: Service;
  readonly reactions: Readonly<Partial<Record<ReaderName, ReactionEntry>>>;
  /** For an event without reactions: why it is there. */
  readonly final?: string;
  /**
   * What follows from one is large, such as the seats of a stadium: no two rows with one share a transaction, in which
   * every other reader would wait for the horizon.
   */
  readonly isHeavy?: true;
}

export const sagaMap = {
  PerformanceScheduled: {
    emittedBy: 'catalogue',
    isHeavy: true,
    reactions: {
      seats: { does: 'lays out one free seat for each number', emits: [] },
      'waiting-room': { does: 'opens the room of the sale, where there is none of that name', emits: [] },
    },
  },
  ConcertChanged: {
    emittedBy: 'catalogue',
    reactions: {},
    final: 'every instance drops what it remembers of the concert',
  },
  SeatReserved: {
    emittedBy: 'seats',
    reactions: {
      reservations: {
        does: 'creates the reservation',
        emits: ['ReservationCreated', 'ReservationCreationFailed'],
      },
      'waiting-room': { does: 'keeps the turn open as long as the hold', emits: [] },
    },
  },
  SeatReservationFailed: { emittedBy: 'seats', reactions: {}, final: 'counted in the metrics' },
  ReservationCreated: {
    emittedBy: 'reservations',
    reactions: {
      payments: {
        does: 'opens the payment; takes the money at once when the buyer asked for it',
        emits: ['PaymentProcessed', 'PaymentProcessingFailed'],
      },
    },
  },
  ReservationCreationFailed: {
    emittedBy: 'reservations',
    reactions: { seats: { does: 'releases the seats', emits: ['SeatReleased'] } },
  },
  ReservationCancelled: {
    emittedBy: 'reservations',
    reactions: {
      payments: {
        does: 'closes the payment; gives the money back if it was taken at the same moment',
        emits: ['PaymentRefunded'],
      },
      seats: { does: 'releases the seats', emits: ['SeatReleased'] },
      'waiting-room': { does: 'keeps the turn no longer for this hold', emits: [] },
    },
  },
  PaymentProcessed: {
    emittedBy: 'payments',
    reactions: {
      reservations: { does: 'confirms the reservation', emits: [] },
      seats: { does: 'sells the seats', emits: ['SeatSold'] },
      'waiting-room': { does: 'spends the turn', emits: ['TokenExpired', 'TokenExpirationFailed'] },
    },
  },
  PaymentProcessingFailed: {
    emittedBy: 'payments',
    reactions: {
      reservations: { does: 'expires the reservation, or cancels it when payment was refused', emits: [] },
      seats: { does: 'releases the seats', emits: ['SeatReleased'] },
      'waiting-room': { does: 'keeps the turn no longer for this hold', emits: [] },
    },
  },
  TokenExpired: { emittedBy: 'waiting-room', reactions: {}, final: 'the purchase is complete' },
  TokenExpirationFailed: {
    emittedBy: 'waiting-room',
    reactions: {
      payments: { does: 'gives the money back', emits: ['PaymentRefunded'] },
      reservations: { does: 'cancels the reservation', emits: [] },
      seats: { does: 'releases the seats', emits: ['SeatReleased'] },
    },
  },
  PaymentRefunded: { emittedBy: 'payments', reactions: {}, final: 'the money is back in the wallet' },
  SeatReleased: { emittedBy: 'seats', reactions: {}, final: 'for whoever shows seats' },
  SeatSold: { emittedBy: 'seats', reactions: {}, final: 'for whoever shows seats' },
} as const satisfies Record<EventName, SagaEntry>;

type SagaMap = typeof sagaMap;

/** The events that lead a reader to do something. */
export type ReactsTo<R extends ReaderName> = {
  [E in EventName]: R extends keyof SagaMap[E]['reactions'] ? E : never;
}[EventName];

type Emits<R extends ReaderName, E extends ReactsTo<R>> =
  SagaMap[E]['reactions'] extends Record<R, { readonly emits: readonly (infer Out)[] }>
    ? Out & EventName
    : never;

/** What a reader does on a set of events of one name, in the transaction that also moves its cursor. */
export interface Reaction<In extends EventName, Out extends EventName> {
  readonly run: (tx: Tx, events: readonly EventOf<In>[]) => Promise<readonly EventOf<Out>[]>;
  /** The compensating event for one that failed too often to be tried for ever. */
  readonly giveUp?: (event: EventOf<In>) => EventOf<Out>;
}

/** What a module hands to messaging: one reaction for each event that the map gives it, no more, no less. */
export type Reactions<R extends ReaderName> = {
  readonly [E in ReactsTo<R>]: Reaction<E, Emits<R, E>>;
};

export function eventsFor(reader: ReaderName): EventName[] {
  const entries = Object.entries(sagaMap) as [EventName, SagaEntry][];
  return entries.filter(([, entry]) => reader in entry.reactions).map(([name]) => name);
}

export function isHeavy(event: EventName): boolean {
  const entry: SagaEntry = sagaMap[event];
  return entry.isHeavy ?? false;
}

/** What this reader may emit on this event. */
export function emitsOf(reader: ReaderName, event: EventName): readonly EventName[] {
  const entry: SagaEntry = sagaMap[event];
  return entry.reactions[reader]?.emits ?? [];
}
