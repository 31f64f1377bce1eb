/** A page of results: what was measured, on what, under which conditions. */
import { machine, show } from './figures.ts';
import type { SideResult } from './sides.ts';

export function page(title: string, conditions: readonly string[], body: readonly string[]): string {
  const facts = Object.entries(machine()).map(([name, value]) => `- ${name}: ${value}`);
  return [`# ${title}`, '', ...facts, ...conditions.map((text) => `- ${text}`), '', ...body, ''].join('\n');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}

/** Each side beside the first. */
export function comparison(unit: string, results: readonly SideResult[]): string[] {
  const first = results[0]?.perSecond.median ?? 0;
  const ms = (value: number | undefined) => (value === undefined ? '' : value.toFixed(1));
  return table(
    ['side', unit, 'first side ÷ this', 'p50 ms', 'p99 ms', 'beside it'],
    results.map(({ name, perSecond, latency, note }) => [
      name,
      show(perSecond),
      `${(first / perSecond.median).toFixed(2)} ×`,
      ms(latency?.p50),
      ms(latency?.p99),
      note ?? '',
    ]),
  );
}
