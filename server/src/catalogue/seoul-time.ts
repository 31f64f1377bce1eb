/** Korean time: UTC+9 all year round since 1988, so plain arithmetic is exact for every date that is on sale. */
const OFFSET_MS = 9 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

interface Range {
  /** First instant within. */
  readonly from: string;
  /** First instant after. */
  readonly to: string;
}

/** The instants of a month (`2027-01`) as people in Korea count it. */
export function monthInSeoul(month: string): Range {
  const year = Number(month.slice(0, 4));
  const index = Number(month.slice(5, 7)) - 1;
  return { from: seoulMidnight(year, index), to: seoulMidnight(year, index + 1) };
}

/** The instant at which clocks in Seoul show `time` (`19:30`), so many days after the day that it is there now. */
export function seoulTime(nowMs: number, daysAhead: number, time: string): string {
  const todayMs = Math.floor((nowMs + OFFSET_MS) / DAY_MS) * DAY_MS;
  const timeMs = Number(time.slice(0, 2)) * 3_600_000 + Number(time.slice(3, 5)) * 60_000;
  return new Date(todayMs + daysAhead * DAY_MS + timeMs - OFFSET_MS).toISOString();
}

function seoulMidnight(year: number, monthIndex: number): string {
  return new Date(Date.UTC(year, monthIndex, 1) - OFFSET_MS).toISOString();
}
