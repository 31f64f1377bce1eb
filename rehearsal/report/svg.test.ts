import { describe, expect, it } from 'vitest';
import { html } from './markup.ts';
import { columnChart, dotChart, lineChart, roundStep } from './svg.ts';

const OPTIONS = { title: 'a title', xName: 'seconds', yName: 'seats' };
const line = (points: [number, number][]) => ({ name: 'sold', colour: 1, points });

describe('a chart', () => {
  it('goes up on the page as its values do, and fits its box', () => {
    const { markup } = lineChart(
      [
        line([
          [0, 0],
          [50, 100],
          [100, 200],
        ]),
      ],
      OPTIONS,
    );
    const [, path = ''] = /class="line c1"\s+d="([^"]+)"/.exec(markup) ?? [];
    const points = [...path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(points).toEqual([
      [56, 220],
      [342, 117],
      [628, 14],
    ]);
  });

  it('of nothing, or of one moment, is a chart all the same', () => {
    for (const points of [[], [[0, 0]], [[3, 0]]] as [number, number][][]) {
      const { markup } = lineChart([line(points)], OPTIONS);
      expect(markup).toContain('<svg');
      expect(markup).not.toMatch(/NaN|Infinity|undefined/);
    }
    expect(columnChart([], 1, OPTIONS).markup).not.toMatch(/NaN|Infinity|undefined/);
    expect(dotChart(line([]), line([]), OPTIONS).markup).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('of very many points stays a small one, and keeps the last', () => {
    const { markup } = dotChart(
      line(Array.from({ length: 100_000 }, (_, index) => [index, index])),
      line([[99_999, 99_999]]),
      OPTIONS,
    );
    expect(markup.match(/<circle/g)?.length).toBeLessThan(900);
    expect(markup).toContain('cx="628" cy="14"');
  });

  it('has round numbers at its axes', () => {
    expect([0.2, 1, 1.5, 3, 7, 40, 260].map(roundStep)).toEqual([1, 1, 2, 5, 10, 50, 500]);
  });
});

describe('what is put into a template', () => {
  it('is text, and never markup, unless it was made here', () => {
    const evil = `<script>alert("x" & 'y')</script>`;
    const { markup } = html`<p title="${evil}">
      ${evil}${html`<b>${1}</b>`}${[html`<i></i>`, html`<u></u>`]}
    </p>`;
    const safe = '&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;';
    expect(markup.replaceAll(/\s*\n\s*/g, '')).toBe(`<p title="${safe}">${safe}<b>1</b><i></i><u></u></p>`);
  });

  it('is escaped in the names of charts, too', () => {
    const { markup } = lineChart([{ ...line([[1, 1]]), name: '<b>' }], { ...OPTIONS, title: '"><script>' });
    expect(markup).not.toContain('<script>');
    expect(markup).toContain('&lt;b&gt;');
  });
});
