import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import { listAvailable } from './list-available.ts';

test('each date has its own free seats; sold out is an empty list, an unknown date has none', async () => {
  const reader = cannedRows({
    'seats.available': [
      { performance_id: 1, seat_nos: [1, 2, 50] },
      { performance_id: 2, seat_nos: [] },
    ],
  });
  const available = await listAvailable(reader, [1, 2, 3]);
  expect(available.get(1)).toEqual([1, 2, 50]);
  expect(available.get(2)).toEqual([]);
  expect(available.get(3)).toBeUndefined();
  expect(reader.asked).toEqual([{ name: 'seats.available', values: [[1, 2, 3]] }]);
});
