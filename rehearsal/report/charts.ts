/** The parts of the page that are drawn. */
import type { Second } from '../figures.ts';
import type { Rehearsal } from '../rehearse.ts';
import type { Verdict } from '../verdict.ts';
import type { Facts } from './facts.ts';
import { html, type Markup } from './markup.ts';
import { orderWords, overtakings } from './overtakings.ts';
import { type ChartOptions, columnChart, dotChart, lineChart } from './svg.ts';
import { duration, number, share } from './words.ts';

const TIME = 'seconds since the first fan came';

function over(seconds: readonly Second[], value: (second: Second) => number) {
  return seconds.map((second) => [second.atS, value(second)] as const);
}

/** Only while it was on sale: what is read afterwards is not the sale. */
function onSale({ seconds, tookMs }: Rehearsal): readonly Second[] {
  return seconds.filter(({ atS }) => atS <= tookMs / 1_000 + 1);
}

function soldOutMark({ soldOutAtS }: Rehearsal): Pick<ChartOptions, 'mark'> {
  return soldOutAtS === null ? {} : { mark: { x: soldOutAtS, says: 'sold out' } };
}

export function salesSection(rehearsal: Rehearsal): Markup {
  const seconds = onSale(rehearsal);
  const chart = lineChart(
    [
      { name: 'sold', colour: 3, points: over(seconds, ({ sold }) => sold), isFilled: true },
      { name: 'held, not paid yet', colour: 2, points: over(seconds, ({ held }) => held) },
    ],
    {
      title: 'Seats sold and held over time',
      xName: TIME,
      yName: 'seats',
      ...soldOutMark(rehearsal),
    },
  );
  return html`<section>
    <h2>Seats</h2>
    ${chart}
  </section>`;
}

export function lineSection(rehearsal: Rehearsal): Markup {
  const seconds = onSale(rehearsal);
  const chart = lineChart(
    [
      { name: 'waiting in line', colour: 1, points: over(seconds, ({ waiting }) => waiting), isFilled: true },
      { name: 'let in, choosing and paying', colour: 2, points: over(seconds, ({ active }) => active) },
    ],
    { title: 'People in line over time', xName: TIME, yName: 'people', ...soldOutMark(rehearsal) },
  );
  return html`<section>
    <h2>The line</h2>
    ${chart}
  </section>`;
}

export function loadSection(rehearsal: Rehearsal): Markup {
  const seconds = onSale(rehearsal);
  const requests = lineChart([{ name: 'requests', colour: 1, points: perSecond(seconds), isFilled: true }], {
    title: 'Requests a second',
    xName: TIME,
    yName: 'requests a second',
  });
  const latency = lineChart(
    [{ name: '99 of 100 answers came within', colour: 4, points: over(seconds, ({ p99Ms }) => p99Ms) }],
    { title: 'Latency over time', xName: TIME, yName: 'milliseconds' },
  );
  return html`<section class="wide">
    <h2>Load and answers</h2>
    <div class="pair">${requests}${latency}</div>
  </section>`;
}

/** Looks are a second apart, more or less. */
function perSecond(seconds: readonly Second[]) {
  return seconds.map(({ atS, requests }, index) => {
    const sinceS = atS - (seconds[index - 1]?.atS ?? 0);
    return [atS, sinceS > 0.2 ? requests / sinceS : 0] as const;
  });
}

export function admissionSection(rehearsal: Rehearsal, { admissions }: Facts, verdict: Verdict): Markup {
  // When it is sold out the line breaks up, and the numbers of those who leave are passed over.
  const lastAtS = rehearsal.soldOutAtS ?? Number.POSITIVE_INFINITY;
  const called = onSale(rehearsal).filter(({ head, atS }) => head > 0 && atS <= lastAtS);
  const chart = dotChart(
    {
      name: 'a fan hears that it is their turn',
      colour: 1,
      points: admissions.map(([place, atS]) => [atS, place] as const).filter(([atS]) => atS <= lastAtS),
    },
    {
      name: 'the number that was called last',
      colour: 2,
      points: over(called, ({ head }) => head),
    },
    { title: 'Numbers in line and when their turn came', xName: TIME, yName: 'number in line' },
  );
  const overtaken = overtakings(verdict);
  return html`<section>
    <h2>Order of admission</h2>
    <p>
      Numbers are to be called strictly one after the other. ${orderWords(verdict)} Each dot is a fan, who
      hears of it when they ask the next time: a moment after the line.
      <b>Overtakings: ${number(overtaken)}.</b>
    </p>
    ${chart}
  </section>`;
}

export function fairnessSection({ deciles, seatsSold }: Facts): Markup {
  const names = deciles.map((_, index) => `${index + 1}.`);
  const seats = columnChart(
    deciles.map(({ seats: got }, index) => ({
      name: names[index] ?? '',
      value: got,
      label: share(got, seatsSold),
    })),
    3,
    {
      title: 'Share of the seats by order of joining',
      xName: 'tenths of those who joined, in order',
      yName: 'seats',
    },
  );
  const waits = columnChart(
    deciles.map(({ medianWaitS }, index) => ({
      name: names[index] ?? '',
      value: medianWaitS ?? 0,
      label: medianWaitS === null ? '–' : duration(medianWaitS),
    })),
    1,
    {
      title: 'Wait by order of joining',
      xName: '–: none of them was let in',
      yName: 'seconds waited, in the middle',
    },
  );
  return html`<section>
    <h2>Fairness</h2>
    <p>
      Who joins first is to choose first. Where more come than there are seats for, the earliest tenths have
      them, and the last ones none; who gives up or changes their mind leaves theirs to those behind.
    </p>
    ${seats}${waits}
  </section>`;
}
