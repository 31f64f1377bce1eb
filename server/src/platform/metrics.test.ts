import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('what was observed can be read', async () => {
  const metrics = createMetrics();
  metrics.observeBatch('hold-seats', 3, 20);
  metrics.observeBatch('hold-seats', 600, 20);
  metrics.observeReader('payments', 7, 4);
  metrics.countAppended('SeatReserved');
  metrics.countParked('payments', 'SeatReserved');
  metrics.countRefused('seats.taken');
  metrics.countStreamEnd('slow');
  metrics.observeHttp('GET', '/concerts', 304, 1500);
  const text = await metrics.text();
  for (const line of [
    'frontrow_batch_requests_sum{batch="hold-seats"} 603',
    'frontrow_batch_requests_bucket{le="4",batch="hold-seats"} 1',
    'frontrow_batch_duration_seconds_sum{batch="hold-seats"} 0.04',
    'frontrow_reader_events_total{reader="payments"} 7',
    'frontrow_events_appended_total{event="SeatReserved"} 1',
    'frontrow_events_parked_total{reader="payments",event="SeatReserved"} 1',
    'frontrow_refusals_total{problem="seats.taken"} 1',
    'frontrow_streams_ended_total{ending="slow"} 1',
    'frontrow_http_request_duration_seconds_sum{method="GET",route="/concerts",status="3xx"} 1.5',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    expect(text).toContain(line);
  }
});

test('each instance has its own figures', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.countRefused('seats.taken');
  expect(await other.text()).not.toContain('seats.taken');
});

test('a watched figure is read when asked, and its failure hides nothing else', async () => {
  const metrics = createMetrics();
  let parked = 2;
  metrics.watch('events_parked_now', 'Parked', async () => parked++);
  metrics.watch('broken', 'Broken', () => {
    throw new Error('no database');
  });
  expect(await metrics.text()).toContain('frontrow_events_parked_now 2');
  const text = await metrics.text();
  expect(text).toContain('frontrow_events_parked_now 3');
  expect(text).toContain('frontrow_broken Nan');
});
