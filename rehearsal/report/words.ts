/** Numbers as people read them. */

export function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function share(part: number, of: number): string {
  return of === 0 ? '' : `${((100 * part) / of).toFixed(1)} %`;
}

export function duration(totalS: number): string {
  if (totalS < 10) return `${totalS.toFixed(1)} s`;
  const rounded = Math.round(totalS);
  const minutes = Math.floor(rounded / 60);
  return minutes === 0 ? `${rounded} s` : `${minutes} min ${rounded % 60} s`;
}

export function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${number(value)} ms`;
}

/** Short enough for an axis: 2,000 as 2k. */
export function axisNumber(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1_000 ? `${value / 1_000}k` : String(value);
}

/** ₩259.6M. */
export function krw(value: number): string {
  return `₩${value.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 })}`;
}
