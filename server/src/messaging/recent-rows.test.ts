import type { AnyEvent } from '#contract/events.ts';
import { describe, expect, it } from 'vitest';
import { createRecentRows } from './recent-rows.ts';

const event = { name: 'SeatReleased' } as AnyEvent;
const row = (id: number, events = 1) => ({
  epoch: 1,
  xid: '7',
  id,
  events: Array.from({ length: events }, () => event),
});

const idsAfter = (rows: ReturnType<typeof createRecentRows>, id: number) =>
  rows.after(id).map((kept) => kept.id);

describe('rows that were appended here', () => {
  it('are known to whoever has not passed them yet, in the order of their commits', () => {
    const rows = createRecentRows();
    rows.keep([row(3)]);
    rows.keep([row(1), row(2)]);
    expect(idsAfter(rows, 0)).toEqual([3, 1, 2]);
    expect(idsAfter(rows, 2)).toEqual([3]);
    expect(idsAfter(rows, 3)).toEqual([]);
  });

  it('are bounded by their number and by that of their events: the oldest are dropped', () => {
    const many = createRecentRows();
    for (let id = 1; id <= 300; id++) many.keep([row(id)]);
    expect(idsAfter(many, 0)).toEqual(Array.from({ length: 256 }, (_, index) => index + 45));

    const large = createRecentRows();
    for (let id = 1; id <= 20; id++) large.keep([row(id, 1_024)]);
    expect(idsAfter(large, 0)).toEqual(Array.from({ length: 16 }, (_, index) => index + 5));
  });

  it('are forgotten when the data begin another life, and so is how many there were', () => {
    const rows = createRecentRows();
    for (let id = 1; id <= 16; id++) rows.keep([row(id, 1_024)]);
    rows.forget();
    expect(idsAfter(rows, 0)).toEqual([]);
    for (let id = 1; id <= 16; id++) rows.keep([row(id, 1_024)]);
    expect(idsAfter(rows, 0)).toHaveLength(16);
  });
});
