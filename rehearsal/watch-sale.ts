/** The organiser's eye on the sale: looks once a second at the line and at what is sold, and says when it is sold out. */
import type { Clock } from '../server/src/platform/clock.ts';
import type { Story, Target } from './crowd/fan.ts';
import type { SaleStanding, Tally } from './figures.ts';
import type { Operator } from './operator.ts';

const EVERY_MS = 1_000;

interface WatchDeps {
  readonly operator: Operator;
  readonly target: Target;
  readonly clock: Clock;
  readonly startedMs: number;
  readonly tally: Tally;
  readonly stories: () => readonly Story[];
}

export interface SaleWatch {
  isSoldOut(): boolean;
  soldOutAtS(): number | null;
  now(): {
    readonly atS: number;
    readonly standing: SaleStanding;
    readonly fans: { readonly total: number; readonly arrived: number; readonly gone: number };
  };
  /** Looks until it is ended; calls after each look. */
  watch(onLook: () => void): { end(): Promise<void> };
}

const NOTHING: SaleStanding = { joined: 0, waiting: 0, active: 0, head: 0, free: 0, held: 0, sold: 0 };

export function watchSale({ operator, target, clock, startedMs, tally, stories }: WatchDeps): SaleWatch {
  let standing = NOTHING;
  let soldOutAtS: number | null = null;
  const atS = () => (clock.monotonicMs() - startedMs) / 1_000;

  async function look(): Promise<void> {
    const [sales, room] = await Promise.all([
      operator.ask('GET', `/admin/performances/${target.performanceId}/sales`),
      operator.ask('GET', `/admin/queue/rooms/${target.room}`),
    ]);
    const joined = stories().filter(({ joinedMs }) => joinedMs !== null).length;
    standing = {
      ...standing,
      joined,
      ...(sales.status === 200 && numbersOf(sales.body, ['free', 'held', 'sold'])),
      ...(room.status === 200 && numbersOf(room.body, ['waiting', 'active', 'head'])),
    };
    const isGone = sales.status === 200 && standing.free === 0 && standing.held === 0;
    if (isGone && standing.sold > 0) soldOutAtS ??= atS();
    tally.tick(atS(), standing);
  }

  return {
    isSoldOut: () => soldOutAtS !== null,
    soldOutAtS: () => soldOutAtS,
    now: () => {
      const all = stories();
      return {
        atS: atS(),
        standing,
        fans: {
          total: all.length,
          arrived: all.filter(({ arrivedMs }) => arrivedMs > 0).length,
          gone: all.filter(({ end }) => end !== null).length,
        },
      };
    },
    watch: (onLook) => {
      const stop = new AbortController();
      const looking = (async () => {
        while (!stop.signal.aborted) {
          const beganMs = clock.monotonicMs();
          await look();
          onLook();
          await clock.sleep(Math.max(0, EVERY_MS - (clock.monotonicMs() - beganMs)), stop.signal);
        }
        await look();
        onLook();
      })();
      return {
        end: () => {
          stop.abort();
          return looking;
        },
      };
    },
  };
}

function numbersOf<Name extends string>(
  body: Readonly<Record<string, unknown>>,
  names: readonly Name[],
): Partial<Record<Name, number>> {
  const values: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const value = body[name];
    if (typeof value === 'number') values[name] = value;
  }
  return values;
}
