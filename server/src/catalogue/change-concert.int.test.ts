import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CALL,
  type CatalogueKit,
  createCatalogueKit,
  operatorRequest,
  performanceBody,
} from '../../test/support/catalogue.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';

let testDatabase: TestDatabase;
let kit: CatalogueKit;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  kit = createCatalogueKit(testDatabase.database);
});
afterAll(() => testDatabase[Symbol.asyncDispose]());

async function eventsOf(concertId: number): Promise<unknown[]> {
  const rows = await testDatabase.database.rows<{ event: unknown }>(
    {
      name: 'test.events-of',
      text: `select e as event from messaging.log l, json_array_elements(l.events) as e
             where 'ConcertChanged' = any(l.names) and (e ->> 'concertId')::int = $1 order by l.id`,
    },
    [concertId],
  );
  return rows.map(({ event }) => event);
}

const notesOf = (subject: number, from = kit) =>
  from.notes.filter((note) => note.subject === String(subject));

describe('a change of a concert', () => {
  test('is answered whole, says so in the log, and is noted with what was before', async () => {
    const concertId = await kit.concert({ title: '옛 제목', description: '그대로' });
    const outcome = await kit.catalogue.changeConcert(concertId, { title: '새 제목', genre: '재즈' }, CALL);
    expect(outcome).toMatchObject({
      outcome: 'changed',
      concert: { concertId, title: '새 제목', description: '그대로', genre: '재즈' },
    });
    expect(await kit.catalogue.findConcert(concertId)).toMatchObject({ title: '새 제목' });
    expect(await eventsOf(concertId)).toEqual([{ name: 'ConcertChanged', concertId }]);
    expect(notesOf(concertId).at(-1)).toEqual({
      action: 'concert.change',
      subject: String(concertId),
      // The genre was that already.
      before: { title: '옛 제목' },
      after: { title: '새 제목' },
      call: CALL,
    });
  });

  test('to what it is already changes nothing, and nobody hears of it', async () => {
    const concertId = await kit.concert();
    const change = { title: '한 번', description: '둘째 줄' };
    const first = await kit.catalogue.changeConcert(concertId, change, CALL);
    const again = await kit.catalogue.changeConcert(concertId, change, CALL);
    expect(again).toEqual({ ...first, before: {}, after: {} });
    expect(await eventsOf(concertId)).toHaveLength(1);
    expect(notesOf(concertId).filter(({ action }) => action === 'concert.change')).toHaveLength(1);
  });

  test('of one that does not exist is refused', async () => {
    expect(await kit.catalogue.changeConcert(2_147_483_647, { title: 'a' }, CALL)).toEqual({
      outcome: 'refused',
      problem: 'concert.not-found',
    });
  });

  test('is found by its new title, and no longer by the old one', async () => {
    const [concertId, layoutId] = await Promise.all([kit.concert({ title: '겨울 나그네' }), kit.layout()]);
    await kit.performance({ concertId, layoutId });
    const found = async (q: string) => (await kit.catalogue.listConcerts({ q, limit: 9 })).length;
    expect([await found('겨울 나그네'), await found('여름 나그네')]).toEqual([1, 0]);
    await kit.catalogue.changeConcert(concertId, { title: '여름 나그네' }, CALL);
    expect([await found('겨울 나그네'), await found('여름 나그네')]).toEqual([0, 1]);
  });

  test('by two instances at once loses neither of two fields', async () => {
    const other = createCatalogueKit(await testDatabase.open());
    const concertId = await kit.concert({ title: 'a', description: 'b' });
    for (let round = 1; round <= 20; round++) {
      const [title, description] = [`title ${round}`, `description ${round}`];
      await Promise.all([
        kit.catalogue.changeConcert(concertId, { title }, CALL),
        other.catalogue.changeConcert(concertId, { description }, CALL),
      ]);
      const { catalogue } = createCatalogueKit(testDatabase.database);
      expect(await catalogue.findConcert(concertId)).toMatchObject({ title, description });
    }
  });

  test('does not wait for a performance that is being scheduled, nor the other way round', async () => {
    const [concertId, layoutId] = await Promise.all([kit.concert(), kit.layout()]);
    const body = performanceBody({ concertId, layoutId });
    await testDatabase.database.transaction(async (tx) => {
      await tx.rows(
        {
          name: 'test.insert-performance',
          text: `insert into catalogue.performance (concert_id, layout_id, room, starts_at, sale_opens_at,
              sale_closes_at, seats_per_person, from_price_krw, request_id, fingerprint)
            values ($1, $2, 'main', $3, $4, $5, 4, 1000, $6, '')`,
        },
        [concertId, layoutId, body.startsAt, body.saleOpensAt, body.saleClosesAt, randomUUID()],
      );
      expect(await kit.catalogue.changeConcert(concertId, { title: 'meanwhile' }, CALL)).toMatchObject({
        outcome: 'changed',
      });
    });
  });
});

describe('the operator’s log', () => {
  test('is told of what is created, and of a repeated request only once', async () => {
    const own = createCatalogueKit(testDatabase.database);
    const venue = {
      name: '기록 홀',
      city: '서울',
      layouts: [{ name: '기본', sections: [{ name: '전석', seatCount: 50, rowLength: 10 }] }],
    };
    const requests = {
      venue: operatorRequest(venue),
      concert: operatorRequest({ title: '기록', description: '', genre: '록' }),
    };
    const made = await own.catalogue.createVenue(requests.venue);
    const concert = await own.catalogue.createConcert(requests.concert);
    if (made.outcome === 'refused' || concert.outcome === 'refused') throw new Error('both are made');
    const [layout] = made.created.layouts;
    const { concertId } = concert.created;
    const schedule = operatorRequest(performanceBody({ concertId, layoutId: layout?.layoutId ?? 0 }));
    const performance = await own.catalogue.schedulePerformance(schedule);
    if (performance.outcome === 'refused') throw new Error('it is scheduled');

    await own.catalogue.createVenue(requests.venue);
    await own.catalogue.createConcert(requests.concert);
    await own.catalogue.schedulePerformance(schedule);
    await own.catalogue.createVenue(operatorRequest({ ...venue, city: '부산' }, requests.venue.requestId));
    await own.catalogue.schedulePerformance(operatorRequest({ ...schedule.body, concertId: 2_147_483_647 }));

    const common = { before: null, call: CALL };
    expect(own.notes).toEqual([
      {
        ...common,
        action: 'venue.create',
        subject: String(made.created.venueId),
        after: {
          name: '기록 홀',
          city: '서울',
          layouts: [{ name: '기본', seatCount: 50 }],
        },
      },
      { ...common, action: 'concert.create', subject: String(concertId), after: requests.concert.body },
      {
        ...common,
        action: 'performance.schedule',
        subject: String(performance.created.performanceId),
        after: schedule.body,
      },
    ]);
  });
});
