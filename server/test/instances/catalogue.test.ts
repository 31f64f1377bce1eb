/** What one instance is told of a concert, the others answer, although each keeps what it has read. */
import { expect, test } from 'vitest';
import { scheduleSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld } from '../support/world.ts';

test('a changed title is soon the answer of every instance, and its tag is the same everywhere', async () => {
  await using world = await createWorld({ instances: 2 });
  const [a, b] = [world.client(0), world.client(1)];
  const { concertId, performanceId } = await scheduleSale(b);
  const paths = ['/concerts', `/concerts/${concertId}`, `/performances/${performanceId}`];
  const readAll = () => Promise.all(paths.map((path) => a.get(path)));

  await until('the first instance has the concert in its list', async () => {
    const [list] = await readAll();
    return JSON.stringify(list?.body).includes('A night of tests');
  });
  const changed = await b.operator('PATCH', `/admin/concerts/${concertId}`, { title: 'A day of tests' });
  expect(changed).toMatchObject({ status: 200, body: { concertId, title: 'A day of tests' } });
  await until('all answers of the first instance say so', async () => {
    const answers = await readAll();
    return answers.every(({ body }) => JSON.stringify(body).includes('A day of tests'));
  });

  const { headers } = await a.get(`/concerts/${concertId}`);
  const known = await b.request('GET', `/concerts/${concertId}`, {
    headers: { 'if-none-match': headers.get('etag') ?? '' },
  });
  expect(known.status).toBe(304);
  const log = await a.operator('GET', `/admin/log?subject=${concertId}`);
  expect(JSON.stringify(log.body)).toContain('concert.change');
});
