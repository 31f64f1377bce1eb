/** Charts as inline SVG: lines over time, dots, and columns. Colours are classes of the page's style sheet. Pure. */
import { html, type Markup } from './markup.ts';
import { axisNumber } from './words.ts';

export interface Series {
  readonly name: string;
  /** Which of the colours of the page: 1 to 4. */
  readonly colour: number;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** The area below it, too. */
  readonly isFilled?: boolean;
}

export interface ChartOptions {
  /** For whoever cannot see it. */
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  /** A line across at this x, with a word. */
  readonly mark?: { readonly x: number; readonly says: string };
}

const WIDTH = 640;
const HEIGHT = 260;
const BOX = { left: 56, right: 12, top: 14, bottom: 40 } as const;
const PLOT = { width: WIDTH - BOX.left - BOX.right, height: HEIGHT - BOX.top - BOX.bottom } as const;
/** More points than this cannot be told apart, and make a page heavy. */
const POINTS_MAX = 800;
const TICKS = 5;

interface Scale {
  readonly max: number;
  readonly ticks: readonly number[];
  x(value: number): number;
  y(value: number): number;
}

export function lineChart(series: readonly Series[], options: ChartOptions): Markup {
  const [xs, ys] = scalesOf(series.flatMap(({ points }) => points));
  const paths = series.map(({ colour, points, isFilled }) => {
    const thinned = thin(points);
    const line = pathOf(thinned, xs, ys);
    const [first, last] = [thinned[0], thinned.at(-1)];
    if (first === undefined || last === undefined) return html``;
    const area = `${line}L${round(xs.x(last[0]))},${round(ys.y(0))}L${round(xs.x(first[0]))},${round(ys.y(0))}Z`;
    return html`${isFilled === true ? html`<path class="area c${colour}" d="${area}" />` : html``}<path
        class="line c${colour}"
        d="${line}"
      />`;
  });
  return chart(options, xs, ys, paths, legend(series));
}

/** One dot for each; `guide` is a line below them. */
export function dotChart(dots: Series, guide: Series, options: ChartOptions): Markup {
  const [xs, ys] = scalesOf([...dots.points, ...guide.points]);
  const marks = thin(dots.points).map(
    ([x, y]) =>
      html`<circle class="dot c${dots.colour}" cx="${round(xs.x(x))}" cy="${round(ys.y(y))}" r="2" />`,
  );
  const line = html`<path class="line c${guide.colour}" d="${pathOf(thin(guide.points), xs, ys)}" />`;
  return chart(options, xs, ys, [line, ...marks], legend([dots, guide]));
}

export interface Column {
  readonly name: string;
  readonly value: number;
  readonly label: string;
}

export function columnChart(columns: readonly Column[], colour: number, options: ChartOptions): Markup {
  const ys = scaleOf(Math.max(0, ...columns.map(({ value }) => value)));
  const step = PLOT.width / Math.max(1, columns.length);
  const bars = columns.map(({ name, value, label }, index) => {
    const x = BOX.left + index * step;
    const top = ys.y(value);
    const middle = round(x + step / 2);
    return html`<rect
        class="bar c${colour}"
        x="${round(x + step * 0.14)}"
        y="${round(top)}"
        width="${round(step * 0.72)}"
        height="${round(ys.y(0) - top)}"
        rx="2"
      /><text class="tick small" text-anchor="middle" x="${middle}" y="${round(top - 4)}">${label}</text
      ><text class="tick" text-anchor="middle" x="${middle}" y="${HEIGHT - BOX.bottom + 16}">${name}</text>`;
  });
  return chart(options, undefined, ys, bars, html``);
}

function chart(
  { title, xName, yName, mark }: ChartOptions,
  xs: Scale | undefined,
  ys: Scale,
  marks: readonly Markup[],
  below: Markup,
): Markup {
  const right = WIDTH - BOX.right;
  const bottom = HEIGHT - BOX.bottom;
  const yTicks = ys.ticks.map((tick) => {
    const y = round(ys.y(tick));
    return html`<line class="grid" x1="${BOX.left}" x2="${right}" y1="${y}" y2="${y}" /><text
        class="tick"
        text-anchor="end"
        x="${BOX.left - 6}"
        y="${y + 4}"
        >${axisNumber(tick)}</text
      >`;
  });
  const xTicks = (xs?.ticks ?? []).map(
    (tick) =>
      html`<text class="tick" text-anchor="middle" x="${round(xs?.x(tick) ?? 0)}" y="${bottom + 16}"
        >${axisNumber(tick)}</text
      >`,
  );
  const marked =
    mark === undefined || xs === undefined
      ? html``
      : html`<line
            class="mark"
            x1="${round(xs.x(mark.x))}"
            x2="${round(xs.x(mark.x))}"
            y1="${BOX.top}"
            y2="${bottom}"
          /><text
            class="tick"
            text-anchor="end"
            x="${round(xs.x(mark.x) - 4)}"
            y="${round(BOX.top + PLOT.height * 0.4)}"
            >${mark.says}</text
          >`;
  return html`<figure>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
      ${yTicks}${xTicks}
      <line class="axis" x1="${BOX.left}" x2="${right}" y1="${bottom}" y2="${bottom}" />
      ${marks}${marked}
      <text class="name" x="${right}" y="${HEIGHT - 6}" text-anchor="end">${xName}</text>
      <text class="name" x="${BOX.left}" y="${HEIGHT - 6}">${yName}</text>
    </svg>
    ${below}
  </figure>`;
}

function legend(series: readonly Series[]): Markup {
  const items = series.map(({ name, colour }) => html`<span><i class="key c${colour}"></i>${name}</span>`);
  return html`<figcaption>${items}</figcaption>`;
}

function scalesOf(points: readonly (readonly [number, number])[]): [Scale, Scale] {
  let [xMax, yMax] = [0, 0];
  for (const [x, y] of points) [xMax, yMax] = [Math.max(xMax, x), Math.max(yMax, y)];
  return [scaleOf(xMax, false), scaleOf(yMax)];
}

/** From 0 to the top, with round numbers between. An axis of time ends where its data do. */
function scaleOf(top: number, isRounded = true): Scale {
  const step = roundStep(top / TICKS);
  const count = isRounded ? Math.ceil(top / step) : Math.floor(top / step);
  const ticks = Array.from({ length: Math.max(1, count) + 1 }, (_, index) => index * step);
  const max = isRounded ? Math.max(step, count * step) : Math.max(top, step);
  return {
    max,
    ticks: ticks.filter((tick) => tick <= max),
    x: (value) => BOX.left + (PLOT.width * value) / max,
    y: (value) => HEIGHT - BOX.bottom - (PLOT.height * value) / max,
  };
}

/** 1, 2 or 5 times a power of ten, and not below one: what is counted is whole. */
export function roundStep(about: number): number {
  if (about <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(about));
  return power * ([1, 2, 5].find((factor) => factor * power >= about) ?? 10);
}

function pathOf(points: readonly (readonly [number, number])[], xs: Scale, ys: Scale): string {
  return points
    .map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(xs.x(x))},${round(ys.y(y))}`)
    .join('');
}

function thin<T>(points: readonly T[]): T[] {
  const every = Math.max(1, Math.ceil(points.length / POINTS_MAX));
  return points.filter((_, index) => index % every === 0 || index === points.length - 1);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
