import { describe, expect, test } from 'vitest';
import { barChart, type BarChart } from './chart.ts';

const CHART: BarChart = {
  title: 'Holds & sales',
  unit: '/s',
  scale: 'common',
  groups: [
    {
      label: 'holds',
      bars: [
        { label: 'Frontrow', value: 20_000, isOurs: true },
        { label: 'a < b', value: 5_000 },
      ],
    },
    { label: 'sales', bars: [{ label: 'Frontrow', value: 40_000, low: 30_000, high: 40_000, isOurs: true }] },
  ],
};

const widths = (svg: string) =>
  Array.from(svg.matchAll(/<rect class="(?:bar|ours)".*? width="([\d.]+)"/g), ([, n]) => Number(n));

describe('a chart of bars', () => {
  test('is one SVG image with a name, and with its figures in words', () => {
    const svg = barChart(CHART);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img" [^]*<\/svg>\n$/);
    expect(svg).toContain('<title>Holds &amp; sales</title>');
    expect(svg).toContain(
      '<desc>holds. Frontrow: 20,000 /s; a &lt; b: 5,000 /s. sales. Frontrow: 40,000 /s.</desc>',
    );
  });

  test('has a bar for each value, as long as the value is large', () => {
    const [a = 0, b = 0, c = 0] = widths(barChart(CHART));
    expect(a / b).toBeCloseTo(4, 1);
    expect(c / a).toBeCloseTo(2, 1);
  });

  test('can give each group the whole width', () => {
    const [a = 0, b = 0, c = 0] = widths(barChart({ ...CHART, scale: 'group' }));
    expect(a).toBe(c);
    expect(a / b).toBeCloseTo(4, 1);
  });

  test('shows what stands out, and the spread where there is one', () => {
    const svg = barChart(CHART);
    expect(svg.match(/class="ours"/g)).toHaveLength(2);
    expect(svg.match(/class="range"/g)).toHaveLength(1);
  });

  test('shows an aim as a line, also beyond the bar, and in words', () => {
    const bars = [{ label: 'Frontrow', value: 2, isOurs: true, aim: { value: 4, text: '≥ 4' } }];
    const svg = barChart({ ...CHART, unit: '×', groups: [{ label: 'holds', bars }] });
    expect(svg).toContain('<desc>holds. Frontrow: 2 × (≥ 4).</desc>');
    const [, from = 0, width = 0] = (/class="ours" x="([\d.]+)" .*? width="([\d.]+)"/.exec(svg) ?? []).map(
      Number,
    );
    const at = Number(/class="aim" d="M([\d.]+) /.exec(svg)?.[1]);
    expect((at - from) / width).toBeCloseTo(2, 1);
  });

  test('stays within its width, whatever the labels are', () => {
    const svg = barChart({
      ...CHART,
      groups: [{ label: 'long', unit: 'seats a second', bars: [{ label: 'x'.repeat(90), value: 123_456 }] }],
    });
    const right = Array.from(svg.matchAll(/ x="(-?[\d.]+)"/g), ([, n]) => Number(n));
    expect(Math.max(...right)).toBeLessThan(760);
    expect(widths(svg)[0]).toBeGreaterThan(100);
    expect(svg).toMatch(/>x{49}…</);
  });

  test('of nothing but zeros is drawn as well', () => {
    const svg = barChart({ ...CHART, groups: [{ label: 'none', bars: [{ label: 'a', value: 0 }] }] });
    expect(widths(svg)).toEqual([0]);
  });

  test('needs no font, script or file of others', () => {
    expect(barChart(CHART)).not.toMatch(/<script|href=|@import|url\(/);
    expect(barChart(CHART)).toContain('prefers-color-scheme: dark');
  });

  test('of no bars, or of what is no number, is a bug', () => {
    expect(() => barChart({ ...CHART, groups: [] })).toThrow('nothing to draw');
    const group = { label: 'odd', bars: [{ label: 'a', value: Number.NaN }] };
    expect(() => barChart({ ...CHART, groups: [group] })).toThrow('a is NaN');
  });
});
