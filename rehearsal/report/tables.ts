/** The parts of the page that are tables. */
import { problems } from '#contract/problems.ts';
import type { Ending } from '../crowd/fan.ts';
import type { Behaviour, Curve } from '../crowd/plan.ts';
import type { Step } from '../figures.ts';
import type { Rehearsal } from '../rehearse.ts';
import type { Verdict } from '../verdict.ts';
import type { Facts } from './facts.ts';
import { html, type Markup } from './markup.ts';
import { holdEndings, holdsGranted, unseenWords } from './seats.ts';
import type { Setting } from './setting.ts';
import { duration, ms, number, share } from './words.ts';

const ENDING_WORDS: Readonly<Record<Ending, string>> = {
  bought: 'bought',
  'sold out in line': 'still in line when it was sold out',
  'sold out at the seats': 'let in, and found everything sold',
  'gave up waiting': 'gave up waiting',
  'found no seats': 'let in, and found nothing for a long time',
  'changed their mind': 'gave their seats back and left',
  'never paid': 'held seats and never paid: the seats came back',
  'paid too late': 'paid when the time to pay was over',
  'money back': 'paid, and got the money back',
  'turn ran out': 'their turn ran out',
  'room closed': 'the line or the sale was closed',
  'service away': 'gave up on a service that did not answer',
  stopped: 'sent home when the rehearsal was stopped',
  unexplained: 'what happened cannot be explained',
};

export function endingsSection({ stories }: Rehearsal, { endings }: Facts, verdict: Verdict): Markup {
  const granted = holdsGranted(verdict);
  const row = (what: string, count: number, all: number) =>
    html`<tr>
      <td>${what}</td>
      <td class="n">${number(count)}</td>
      <td class="n">${share(count, all)}</td>
      <td class="bar-cell">
        <div class="share" style="width:${all === 0 ? 0 : Math.round((100 * count) / all)}%"></div>
      </td>
    </tr>`;
  return html`<section>
    <h2>How it ended for the fans</h2>
    <table>
      ${endings.map(([ending, fans]) => row(ENDING_WORDS[ending], fans, stories.length))}
    </table>
    <h2>Holds that came to nothing</h2>
    <p>Of ${number(granted)} holds. ${unseenWords(verdict)}</p>
    <table>
      ${holdEndings(verdict).map(([what, holds]) => row(what, holds, granted))}
    </table>
  </section>`;
}

export function refusalsSection({ refused, unknown, lostChoices }: Facts): Markup {
  const row = ([problem, times]: readonly [string, number]) =>
    html`<tr>
      <td>${titleOf(problem)}<br /><code>${problem}</code></td>
      <td class="n">${number(times)}</td>
    </tr>`;
  const nothing = html`<tr>
    <td>Nothing</td>
  </tr>`;
  return html`<section>
    <h2>What was refused, and why</h2>
    <p>
      ${number(lostChoices)} times a fan chose seats that somebody else had taken a moment before, and chose
      again.
    </p>
    <table>
      ${refused.length === 0 ? nothing : refused.map(row)}
    </table>
    <h2>What was not answered</h2>
    <p>Fans ask again with the same key, and learn what became of it.</p>
    <table>
      ${unknown.length === 0 ? nothing : unknown.map(row)}
    </table>
  </section>`;
}

function titleOf(problem: string): string {
  return problem in problems ? problems[problem as keyof typeof problems].title : 'No answer';
}

const STEP_WORDS: Readonly<Record<Step, string>> = {
  account: 'get a guest account',
  dates: 'look at concerts and dates',
  join: 'join the line',
  look: 'ask for one’s place',
  map: 'look at the seat map',
  hold: 'hold seats',
  charge: 'charge the wallet',
  pay: 'pay',
  reservation: 'ask for a reservation',
  tickets: 'get the tickets',
  'give-back': 'give seats back',
  leave: 'leave the line',
  wallet: 'look at the wallet',
};

export function stepsSection({ steps }: Rehearsal): Markup {
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
  const rows = steps.map(
    ({ step, requests, ok, refused, unknown, latencyMs }) =>
      html`<tr>
        <td>${STEP_WORDS[step]}</td>
        ${[number(requests), number(ok), number(sum(refused)), number(sum(unknown)), ...[latencyMs.p50, latencyMs.p95, latencyMs.p99, latencyMs.max].map(ms)].map((cell) => html`<td class="n">${cell}</td>`)}
      </tr>`,
  );
  const head = ['requests', 'done', 'refused', 'not answered', 'p50', 'p95', 'p99', 'longest'];
  return html`<section class="wide">
    <h2>Answers, step by step</h2>
    <p>
      p95: 95 of 100 answers came within this time. Measured by the fans, who share the machine with the
      service when both run on one. Fans ask for their place again and again, and open no streams.
    </p>
    <div class="scroll">
      <table>
        <tr>
          <th>step</th>
          ${head.map((name) => html`<th class="n">${name}</th>`)}
        </tr>
        ${rows}
      </table>
    </div>
  </section>`;
}

const BEHAVIOUR_WORDS: Readonly<Record<Behaviour, string>> = {
  'changes-mind': 'change their mind',
  'never-pays': 'never pay',
  'clicks-twice': 'click twice',
  reloads: 'reload',
  'comes-back': 'come back on another device',
  'gives-up': 'give up waiting',
  'charges-little': 'charge too little first',
  'pays-now': 'pay at once',
};

export function settingSection(rehearsal: Rehearsal, { did }: Facts, setting: Setting): Markup {
  const { options, target, holdTtlMs, instances } = rehearsal;
  const rows: (readonly [string, string])[] = [
    [
      'Performance',
      `${target.performanceId}, ${number(target.seatCount)} seats, ${target.seatsPerPerson} for a person at most`,
    ],
    ['Line', setting.room],
    ['Holds', `${duration(holdTtlMs / 1_000)}, then the seats come back`],
    [
      'Fans',
      `${number(options.fans)}, ${curveWords(options.curve)}; each wants 1 to ${options.seatsEach} seats`,
    ],
    [
      'Thinking',
      options.thinkScale === 1 ? 'as long as people do' : `${options.thinkScale} times as long as people do`,
    ],
    ['Service', `${setting.where}${instances > 1 ? ` (${instances} instances)` : ''}`],
    ['Machine of the fans', setting.machine],
    ['What stays', setting.stays],
  ];
  const behaviours = did.map(
    ([behaviour, fans]) =>
      html`<tr>
        <td>${BEHAVIOUR_WORDS[behaviour]}</td>
        <td class="n">${options.mix[behaviour]} of 100 would</td>
        <td class="n">${number(fans)} did</td>
      </tr>`,
  );
  return html`<section class="wide">
    <h2>What was rehearsed</h2>
    <table>
      ${rows.map(
        ([name, value]) =>
          html`<tr>
            <th>${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </table>
    <h2>What some fans do besides</h2>
    <table>
      ${behaviours}
    </table>
    <h2>The same fans again</h2>
    <p><code>${setting.command}</code></p>
  </section>`;
}

function curveWords(curve: Curve): string {
  switch (curve.kind) {
    case 'at-once':
      return 'all in one moment';
    case 'ramp':
      return `evenly over ${duration(curve.overS)}`;
    case 'waves':
      return `in ${curve.count} waves over ${duration(curve.overS)}`;
  }
}
