/**
 * Brings a checked catalogue into a service: venues, concerts, then performances, each under a key that follows
 * from its key in the file. So the same file can be sent again and again, and goes on where it was interrupted.
 *
 * Seats are laid out by the service, a performance after the other. Only so many are under way at a time:
 * the service stays quick for everybody else, and what is said of the progress is true.
 */
import assert from 'node:assert/strict';
import type { VenueAnswer } from '#contract/http/catalogue.ts';
import type { Clock } from '../../server/src/platform/clock.ts';
import { derivedUuid } from '../../server/src/platform/identifiers.ts';
import { type CatalogueFile, type FilePerformance, type Kind, seatsOf } from './file.ts';
import { type OperatorApi, pause, ServiceAway } from '../support/operator-api.ts';
import type { FileProblem } from './problems.ts';

/** A larger performance goes alone. A transaction that lays out takes all that it finds, and nobody reads past it. */
const SEATS_UNDER_WAY_MAX = 50_000;
const LOOK_MS = 100;
/** Laying out 200,000 seats takes seconds. When nothing moves for so long, nobody is laying out. */
const STANDSTILL_MAX_MS = 180_000;

export interface Delivery {
  /** How many of each kind are there now, and how many of those were there before. */
  readonly counts: Readonly<Record<Kind, { there: number; before: number }>>;
  readonly seats: { readonly total: number; done: number };
  /** What the service refused. */
  readonly refused: RefusedEntry[];
  /** Set when everything of the file is there. */
  isComplete: boolean;
}

export interface RefusedEntry extends FileProblem {
  readonly kind: Kind;
  /** It was imported under its key before, and was another one then. */
  readonly isChanged: boolean;
}

export interface DeliverDeps {
  readonly api: OperatorApi;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: () => void;
}

export function newDelivery({ venues, performances }: CatalogueFile): Delivery {
  const layoutsOf = new Map(venues.map((venue) => [venue.key, venue.layouts]));
  const sizes = performances.map(({ venue, layout }) => seatsOf(layoutsOf.get(venue) ?? [], layout));
  const none = () => ({ there: 0, before: 0 });
  return {
    counts: { venues: none(), concerts: none(), performances: none() },
    seats: { total: sizes.reduce((sum, size) => sum + size, 0), done: 0 },
    refused: [],
    isComplete: false,
  };
}

/** Says in `delivery` how far it came, also when it throws. Performances wait until all that they need is there. */
export async function deliver(
  catalogue: CatalogueFile,
  delivery: Delivery,
  deps: DeliverDeps,
): Promise<void> {
  const layouts = new Map<string, VenueAnswer['layouts']>();
  const concertIds = new Map<string, number>();
  for (const [index, { key, ...body }] of catalogue.venues.entries()) {
    const made = await create(deps, delivery, 'venues', index, key, body);
    if (made !== undefined) layouts.set(key, made['layouts'] as VenueAnswer['layouts']);
  }
  for (const [index, { key, ...body }] of catalogue.concerts.entries()) {
    const made = await create(deps, delivery, 'concerts', index, key, body);
    if (made !== undefined) concertIds.set(key, Number(made['concertId']));
  }
  if (delivery.refused.length > 0) return;

  const line = createLine(delivery, deps);
  for (const [index, performance] of catalogue.performances.entries()) {
    const { key, concert, venue, layout: name, ...body } = performance satisfies FilePerformance;
    const layout = layouts.get(venue)?.find((each) => each.name === name);
    const concertId = concertIds.get(concert);
    assert(layout !== undefined && concertId !== undefined, 'the file was checked and all of it was made');
    await line.roomFor(layout.seatCount);
    const whole = { concertId, layoutId: layout.layoutId, ...body };
    const made = await create(deps, delivery, 'performances', index, key, whole);
    if (made !== undefined) line.add(Number(made['performanceId']), layout.seatCount);
  }
  await line.roomFor(Number.POSITIVE_INFINITY);
  delivery.isComplete = delivery.refused.length === 0;
}

const PATHS = { venues: '/admin/venues', concerts: '/admin/concerts', performances: '/admin/performances' };

/** What was made, or was there before; undefined when it is refused. */
async function create(
  { api, onProgress }: DeliverDeps,
  delivery: Delivery,
  kind: Kind,
  index: number,
  key: string,
  body: object,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const answer = await api.post(PATHS[kind], body, derivedUuid('import', kind, key));
  if (answer.kind === 'refused') {
    const isChanged = answer.code === 'idempotency.key-reused';
    const message = isChanged
      ? 'differs from what was imported under this key before'
      : `was refused: ${answer.why}`;
    delivery.refused.push({ path: `/${kind}/${index}`, message: `("${key}") ${message}`, kind, isChanged });
    return undefined;
  }
  delivery.counts[kind].there += 1;
  if (answer.isReplay) delivery.counts[kind].before += 1;
  onProgress();
  return answer.body;
}

/** Performances whose seats are being laid out, in the order in which that is done. */
function createLine({ seats }: Delivery, { api, clock, signal, onProgress }: DeliverDeps) {
  const waiting: { readonly performanceId: number; readonly seatCount: number }[] = [];
  let seatsUnderWay = 0;
  let movedAtMs = clock.monotonicMs();

  return {
    add(performanceId: number, seatCount: number): void {
      if (waiting.length === 0) movedAtMs = clock.monotonicMs();
      waiting.push({ performanceId, seatCount });
      seatsUnderWay += seatCount;
    },
    /** Waits until so many more may be under way. */
    async roomFor(seatCount: number): Promise<void> {
      for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
        if (seatsUnderWay + seatCount <= SEATS_UNDER_WAY_MAX) return;
        if (await isLaidOut(api, first.performanceId)) {
          waiting.shift();
          seatsUnderWay -= first.seatCount;
          seats.done += first.seatCount;
          movedAtMs = clock.monotonicMs();
        } else if (clock.monotonicMs() - movedAtMs > STANDSTILL_MAX_MS) {
          throw new ServiceAway(
            `the seats of performance ${first.performanceId} are not being laid out. Does a process run the role ` +
              'seats? GET /api/v1/admin/parked-events says whether the service fails on it',
          );
        } else {
          await pause(clock, LOOK_MS, signal);
        }
        onProgress();
      }
    },
  };
}

async function isLaidOut(api: OperatorApi, performanceId: number): Promise<boolean> {
  const answer = await api.get(`/performances/${performanceId}`);
  assert(answer.kind === 'ok', `the service has forgotten performance ${performanceId}`);
  return typeof answer.body['remaining'] === 'number';
}
