/**
 * Draws groups of bars as SVG: lying bars, because what is compared has long names. The figure stands at the end of each
 * bar, so nothing has to be read off an axis, and there is none.
 *
 * It is shown as an image, in Markdown and in browsers: it brings its own background and colours for light and dark, and
 * no font, script or link.
 */
import assert from 'node:assert/strict';

export interface Bar {
  readonly label: string;
  /** Not negative, in the unit of the chart or of its group. */
  readonly value: number;
  /** Where the repeats were between: drawn as a line over the end of the bar. */
  readonly low?: number;
  readonly high?: number;
  /** What the bar should come to, and how its figure says so: drawn as a dashed line across the row. */
  readonly aim?: { readonly value: number; readonly text: string };
  /** Stands out from the others. */
  readonly isOurs?: boolean;
}

export interface BarGroup {
  readonly label: string;
  readonly bars: readonly Bar[];
  /** In place of the chart's. */
  readonly unit?: string;
}

export interface BarChart {
  readonly title: string;
  /** Follows each figure; may be empty. */
  readonly unit: string;
  readonly groups: readonly BarGroup[];
  /** 'common': bars of all groups can be compared; 'group': each group fills the width by itself. */
  readonly scale: 'common' | 'group';
}

const WIDTH = 760;
const MARGIN = 16;
const TITLE_HEIGHT = 30;
const HEADING_HEIGHT = 28;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 14;
/** Of a letter at the size of labels; no font is known, so it is a generous guess. */
const LETTER_WIDTH = 6.7;
const LABELS_WIDTH_MAX = 340;

const STYLE = `<style>
  .back { fill: #ffffff } .text { fill: #1f2328 } .bar { fill: #9aa4af } .ours { fill: #0969da } .range, .aim { stroke: #1f2328 }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 } .text { fill: #e6edf3 } .bar { fill: #6b7480 } .ours { fill: #4493f8 } .range, .aim { stroke: #e6edf3 }
  }
  .aim { stroke-dasharray: 3 2 } text { font: 12px system-ui, sans-serif } .heading { font-weight: 600 } .title { font-size: 14px; font-weight: 600 }
</style>`;

interface Frame {
  readonly labelsWidth: number;
  readonly figuresWidth: number;
}

/** Gives the SVG as text. A chart without bars, and a value that is negative or no number, are bugs. */
export function barChart(chart: BarChart): string {
  const bars = chart.groups.flatMap((group) => group.bars);
  assert(bars.length > 0, `${chart.title}: there is nothing to draw`);
  for (const { label, value } of bars) {
    assert(Number.isFinite(value) && value >= 0, `${chart.title}: ${label} is ${value}`);
  }
  const frame = frameOf(chart);
  const common = longest(bars);
  const lines: string[] = [];
  let y = MARGIN + TITLE_HEIGHT;
  for (const group of chart.groups) {
    lines.push(text(MARGIN, y + 17, 'text heading', group.label));
    y += HEADING_HEIGHT;
    const scaled = { ...frame, max: chart.scale === 'common' ? common : longest(group.bars) };
    for (const bar of group.bars) {
      lines.push(...row(bar, group.unit ?? chart.unit, y, scaled));
      y += ROW_HEIGHT;
    }
  }
  const height = y + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">`,
    `<title>${escaped(chart.title)}</title>`,
    `<desc>${escaped(inWords(chart))}</desc>`,
    STYLE,
    `<rect class="back" width="${WIDTH}" height="${height}" rx="6"/>`,
    text(MARGIN, MARGIN + 14, 'text title', chart.title),
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

function frameOf(chart: BarChart): Frame {
  const widthOf = (texts: readonly string[]) =>
    Math.max(...texts.map((label) => label.length)) * LETTER_WIDTH;
  const rows = chart.groups.flatMap(({ bars, unit }) =>
    bars.map((bar) => ({ bar, unit: unit ?? chart.unit })),
  );
  return {
    labelsWidth: Math.min(LABELS_WIDTH_MAX, widthOf(rows.map(({ bar }) => bar.label))),
    figuresWidth: widthOf(rows.map(({ bar, unit }) => figure(bar, unit))),
  };
}

/** What fills the width; never 0, which nothing can be divided by. */
function longest(bars: readonly Bar[]): number {
  return Math.max(...bars.map(farthest), Number.MIN_VALUE);
}

/** The figure stands to the right of this. */
function farthest({ value, high = 0, aim }: Bar): number {
  return Math.max(value, high, aim?.value ?? 0);
}

function row(bar: Bar, unit: string, y: number, frame: Frame & { readonly max: number }): string[] {
  const left = MARGIN + frame.labelsWidth + 10;
  const room = WIDTH - MARGIN - frame.figuresWidth - 10 - left;
  const at = (value: number) => rounded(left + (value / frame.max) * room);
  const middle = y + ROW_HEIGHT / 2;
  const { low, high, value, aim } = bar;
  const isSpread = low !== undefined && high !== undefined && high > low;
  return [
    text(left - 10, middle + 4, 'text', shortened(bar.label), 'end'),
    `<rect class="${bar.isOurs ? 'ours' : 'bar'}" x="${rounded(left)}" y="${middle - BAR_HEIGHT / 2}" width="${rounded(at(value) - left)}" height="${BAR_HEIGHT}" rx="2"/>`,
    ...(isSpread
      ? [
          `<path class="range" d="M${at(low)} ${middle}H${at(high)}M${at(low)} ${middle - 4}v8M${at(high)} ${middle - 4}v8"/>`,
        ]
      : []),
    ...(aim === undefined ? [] : [`<path class="aim" d="M${at(aim.value)} ${y + 1}v${ROW_HEIGHT - 2}"/>`]),
    text(at(farthest(bar)) + 8, middle + 4, 'text', figure(bar, unit)),
  ];
}

/** For those who do not see it. */
function inWords({ groups, unit: common }: BarChart): string {
  return groups
    .map(({ label, bars, unit }) => {
      const list = bars.map((bar) => `${bar.label}: ${figure(bar, unit ?? common)}`);
      return `${label}. ${list.join('; ')}.`;
    })
    .join(' ');
}

/** Three digits that mean something. */
function figure({ value, aim }: Bar, unit: string): string {
  const digits = value.toLocaleString('en', { maximumSignificantDigits: 3 });
  return `${digits} ${unit}`.trim() + (aim === undefined ? '' : ` (${aim.text})`);
}

function text(x: number, y: number, style: string, content: string, anchor = 'start'): string {
  return `<text class="${style}" x="${rounded(x)}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function shortened(label: string): string {
  const lettersMax = Math.floor(LABELS_WIDTH_MAX / LETTER_WIDTH);
  return label.length <= lettersMax ? label : `${label.slice(0, lettersMax - 1)}…`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
