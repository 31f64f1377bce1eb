import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeatChanges } from '#contract/http/seats.ts';
import { Check } from 'typebox/value';
import type { Clock } from '../platform/clock.ts';
import { HELD, SeatBoard, type SeatState } from './board.ts';
import { type Listener, publishBoard, type PublishingLimits } from './publish-board.ts';
import { type SeatMap, stateIn } from './seat-map.ts';

const SEATS = 23;
const EVERY_MS = 250;

/** What a client that follows the page makes of the frames. */
class Client implements Listener {
  readonly #over = new AbortController();
  readonly frames: Buffer[] = [];
  readonly events: string[] = [];
  /** What it sends back when it comes again. */
  version: string;
  states: SeatState[];

  constructor(map: SeatMap) {
    this.version = map.content.version;
    this.states = statesOf(map);
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  send(frame: Buffer): void {
    if (this.signal.aborted) throw new Error('nothing is sent to one that has ended');
    this.frames.push(frame);
    const fields = new Map(
      frame
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
    );
    this.events.push(fields.get('event') ?? '');
    const data: unknown = JSON.parse(fields.get('data') ?? '');
    if (fields.get('event') === 'reload') {
      expect(fields.has('id')).toBe(false);
      return;
    }
    if (!Check(SeatChanges, data)) throw new Error(`no changes: ${frame.toString()}`);
    expect(data.since).toBe(this.version);
    expect(fields.get('id')).toBe(data.version);
    for (const [seatNo, state] of data.changes) this.states[seatNo - 1] = state as SeatState;
    expect(data.remaining).toBe(this.states.filter((state) => state === 0).length);
    this.version = data.version;
  }

  end(): void {
    this.#over.abort();
  }
}

function statesOf({ content }: SeatMap): SeatState[] {
  return Array.from({ length: content.seatCount }, (_, at) => stateIn(content, at + 1));
}

function open(change: Partial<PublishingLimits> = {}) {
  let nowMs = 5_000;
  const clock: Clock = { monotonicMs: () => nowMs, wallMs: () => 0, sleep: () => new Promise(() => {}) };
  const board = new SeatBoard({
    performanceId: 1,
    terms: { room: 'main', seatsPerPerson: 4, saleOpensAtMs: 0, saleClosesAtMs: 1 },
    states: new Uint8Array(SEATS),
    versions: new Int32Array(SEATS),
    pricesKrw: new Int32Array(SEATS),
    buyers: [],
  });
  let woken = 0;
  const published = publishBoard(board, {
    clock,
    limits: { everyMs: EVERY_MS, rememberedMax: 64, changesMax: 100, ...change },
    onListener: () => {
      woken += 1;
    },
  });
  return {
    board,
    published,
    pass: (ms: number) => {
      nowMs += ms;
    },
    change: (seatNo: number, state: SeatState = HELD) =>
      board.apply(seatNo, board.versionOf(seatNo) + 1, state),
    get woken() {
      return woken;
    },
  };
}

describe('the published map', () => {
  test('stays the same for a quarter of a second, and is then what the board is', () => {
    const { board, published, pass, change } = open();
    const before = published.map();
    change(3);
    pass(EVERY_MS - 1);
    expect(published.map()).toBe(before);
    pass(1);
    const after = published.map();
    expect(after.content).toMatchObject({ version: board.version, remaining: SEATS - 1 });
    expect(statesOf(after)[2]).toBe(HELD);
  });

  test('is the same object as long as nothing changes, however long', () => {
    const { published, pass } = open();
    const map = published.map();
    pass(1_000_000);
    expect(published.map()).toBe(map);
  });

  test('that somebody has is not touched by what comes later', () => {
    const { published, pass, change } = open();
    const map = published.map();
    change(3);
    pass(EVERY_MS);
    published.map();
    expect(statesOf(map)[2]).toBe(0);
  });
});

describe('who listens', () => {
  test('is told at once that nothing has changed, and then each change once', () => {
    const { published, pass, change } = open();
    const client = new Client(published.map());
    published.listen(client, client.version);
    expect(client.events).toEqual(['seats']);
    change(3);
    change(4);
    published.tick();
    expect(client.events).toHaveLength(1);
    pass(EVERY_MS);
    published.tick();
    published.tick();
    expect(client.events).toHaveLength(2);
    expect(client.states).toEqual(statesOf(published.map()));
  });

  test('shares one frame with all the others, those who come back too', () => {
    const { published, pass, change } = open();
    const clients = Array.from({ length: 3 }, () => new Client(published.map()));
    const [first, second, late] = clients;
    if (first === undefined || second === undefined || late === undefined) throw new Error('three came');
    published.listen(first, first.version);
    published.listen(second, second.version);
    change(3);
    pass(EVERY_MS);
    published.tick();
    published.listen(late, late.version);
    expect(first.frames[1]).toBe(second.frames[1]);
    expect(late.frames[0]).toBe(first.frames[1]);
  });

  test('is told to reload when the version is not known or none was sent', () => {
    const { published } = open();
    for (const version of [undefined, '', 'never', '5-0000000000000000']) {
      const client = new Client(published.map());
      published.listen(client, version);
      expect(client.events).toEqual(['reload']);
    }
  });

  test('is told to reload when it was away for longer than is remembered', () => {
    const { published, pass, change } = open({ rememberedMax: 3 });
    const away = [0, 1, 2, 3, 4].map(() => {
      const client = new Client(published.map());
      change(3);
      pass(EVERY_MS);
      published.map();
      return client;
    });
    for (const client of away) published.listen(client, client.version);
    expect(away.map((client) => client.events)).toEqual([
      ['reload'],
      ['reload'],
      ['seats'],
      ['seats'],
      ['seats'],
    ]);
  });

  test('is told to reload when more has changed than fits into a frame', () => {
    const { published, pass, change } = open({ changesMax: 4 });
    const client = new Client(published.map());
    published.listen(client, client.version);
    for (const seatNo of [1, 2, 3, 4]) change(seatNo);
    pass(EVERY_MS);
    published.tick();
    for (const seatNo of [5, 6, 7, 8, 9]) change(seatNo);
    pass(EVERY_MS);
    published.tick();
    expect(client.events).toEqual(['seats', 'seats', 'reload']);
  });

  test('wakes whoever publishes, who may rest when nobody listens any more', () => {
    const opened = open();
    const { published } = opened;
    expect(published.tick()).toBe(false);
    const client = new Client(published.map());
    published.listen(client, client.version);
    expect(opened.woken).toBe(1);
    expect(published.tick()).toBe(true);
    client.end();
    expect(published.tick()).toBe(false);
  });

  test('is told to reload and to come again when the board is dropped', () => {
    const { published } = open();
    const client = new Client(published.map());
    published.listen(client, client.version);
    published.close();
    expect(client.events).toEqual(['seats', 'reload']);
    expect(client.signal.aborted).toBe(true);
    const late = new Client(published.map());
    published.listen(late, late.version);
    expect(late.events).toEqual(['reload']);
    expect(late.signal.aborted).toBe(true);
  });

  test('hears nothing that came after its end', () => {
    const { published, pass, change } = open();
    const client = new Client(published.map());
    published.listen(client, client.version);
    client.end();
    change(3);
    pass(EVERY_MS);
    published.tick();
    published.map();
    expect(client.events).toEqual(['seats']);
  });

  test('has exactly the map after every event, however it comes and goes', () => {
    const someHistory = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('change'), n: fc.integer({ min: 1, max: SEATS }) }),
        fc.record({ do: fc.constantFrom('tick', 'map', 'listen', 'leave', 'arrive'), n: fc.nat({ max: 3 }) }),
      ),
      { minLength: 60, maxLength: 120 },
    );
    let [exact, reloads] = [0, 0];
    fc.assert(
      fc.property(someHistory, (history) => {
        const { published, pass, change } = open({ rememberedMax: 4, changesMax: 12 });
        const clients = [0, 1, 2, 3].map(() => new Client(published.map()));
        const listening = new Set<number>();
        for (const { do: what, n } of history) {
          pass(100);
          const client = clients[n];
          if (what === 'change') change(n, ((n * 7 + history.length) % 3) as SeatState);
          if (what === 'tick') published.tick();
          if (what === 'map') published.map();
          if (client === undefined) continue;
          if (what === 'leave' && listening.has(n)) {
            client.end();
            listening.delete(n);
          }
          // Back with what it has, or new with the map of this moment.
          if ((what === 'listen' || what === 'arrive') && !listening.has(n)) {
            const again = new Client(published.map());
            if (what === 'listen') [again.version, again.states] = [client.version, client.states];
            clients[n] = again;
            published.listen(again, again.version);
            listening.add(n);
          }
          for (const at of listening) {
            const one = clients[at];
            if (one === undefined) continue;
            if (one.events.at(-1) === 'reload') {
              reloads += 1;
              one.end();
              listening.delete(at);
            } else {
              exact += 1;
              const now = published.map();
              expect(one.version).toBe(now.content.version);
              expect(one.states).toEqual(statesOf(now));
            }
          }
        }
      }),
      { numRuns: 100 },
    );
    expect(exact).toBeGreaterThan(1_000);
    expect(reloads).toBeGreaterThan(5);
  });
});
