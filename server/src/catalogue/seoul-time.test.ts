import { describe, expect, test } from 'vitest';
import { monthInSeoul, seoulTime } from './seoul-time.ts';

/** What a calendar in Seoul shows at an instant, by a way of its own. */
function inSeoul(instant: string): string {
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Asia/Seoul',
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(new Date(instant));
}

describe('a month in Seoul', () => {
  test('begins nine hours before it begins in UTC', () => {
    expect(monthInSeoul('2027-03')).toEqual({
      from: '2027-02-28T15:00:00.000Z',
      to: '2027-03-31T15:00:00.000Z',
    });
  });

  test('December ends where January of the next year begins', () => {
    expect(monthInSeoul('2026-12').to).toBe('2026-12-31T15:00:00.000Z');
    expect(monthInSeoul('2027-01').from).toBe('2026-12-31T15:00:00.000Z');
  });

  test('February has 29 days in a leap year', () => {
    expect(monthInSeoul('2028-02').to).toBe('2028-02-29T15:00:00.000Z');
  });

  test('every month begins at midnight of its first day, as the time zone database has it', () => {
    for (let month = 0; month < 36; month++) {
      const text = `${2026 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`;
      expect(inSeoul(monthInSeoul(text).from)).toBe(`${text}-01 00:00:00`);
    }
  });
});

describe('a time of day in Seoul', () => {
  test('counts days from the date in Seoul, not from the one in UTC', () => {
    const lateInUtc = Date.parse('2026-12-30T15:30:00.000Z'); // 00:30 on the 31st in Seoul
    expect(inSeoul(seoulTime(lateInUtc, 0, '19:30'))).toBe('2026-12-31 19:30:00');
    expect(inSeoul(seoulTime(lateInUtc, 1, '19:30'))).toBe('2027-01-01 19:30:00');
  });

  test('is the same all day', () => {
    const morning = Date.parse('2026-11-20T15:00:00.000Z');
    const night = Date.parse('2026-11-21T14:59:59.999Z');
    expect(seoulTime(morning, 3, '20:00')).toBe(seoulTime(night, 3, '20:00'));
  });
});
