/** The report as one page: everything that it needs is in it, and whoever was not there understands it. */
import type { Rehearsal } from '../rehearse.ts';
import type { Verdict } from '../verdict.ts';
import { checksSection } from './checks-section.ts';
import { admissionSection, fairnessSection, lineSection, loadSection, salesSection } from './charts.ts';
import type { Facts } from './facts.ts';
import { html, type Markup, trusted } from './markup.ts';
import { overtakings } from './overtakings.ts';
import { leftWords, offerWords, seatsOffered } from './seats.ts';
import type { Setting } from './setting.ts';
import { STYLE } from './style.ts';
import { endingsSection, refusalsSection, settingSection, stepsSection } from './tables.ts';
import { duration, krw, number } from './words.ts';

const BROKEN_SHOWN = 20;

export function page(rehearsal: Rehearsal, facts: Facts, verdict: Verdict, setting: Setting): string {
  const title = `Rehearsal of a sale, ${setting.startedAt}`;
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>Rehearsal of a sale</h1>
          <p class="soft">${setting.startedAt} · ${setting.where}</p>
          <p>${sentence(rehearsal, facts)}</p>
          ${banner(verdict)}
          <div class="figures">${figures(rehearsal, facts, verdict)}</div>
          <div class="sections">
            ${salesSection(rehearsal)}${lineSection(rehearsal)} ${admissionSection(rehearsal, facts, verdict)}
            ${fairnessSection(facts)} ${endingsSection(rehearsal, facts, verdict)}${refusalsSection(facts)}
            ${loadSection(rehearsal)}${stepsSection(rehearsal)} ${checksSection(rehearsal, verdict)}
            ${settingSection(rehearsal, facts, setting)}
          </div>
        </main>
      </body>
    </html> `;
  return markup;
}

function sentence(rehearsal: Rehearsal, facts: Facts): string {
  const { stories, soldOutAtS, tookMs } = rehearsal;
  const end =
    soldOutAtS === null
      ? `After ${duration(tookMs / 1_000)} ${leftWords(rehearsal)}.`
      : `They were sold out after ${duration(soldOutAtS)}.`;
  return (
    `${number(stories.length)} made-up fans came for ${offerWords(rehearsal)}, over HTTP as real ones would: they joined the ` +
    `line, waited for their turn, chose seats, held them, charged their wallets and paid. ` +
    `${number(facts.seatsSold)} seats were sold. ${end}`
  );
}

function banner({ isKept, broken, unjudged, history }: Verdict): Markup {
  const shown = broken.slice(0, BROKEN_SHOWN).map((text) => html`<li>${text}</li>`);
  const open = unjudged.map(({ says }) => html`<li>${says}</li>`);
  if (!isKept) {
    return html`<div class="verdict broken">
      <strong>A promise was broken: ${number(broken.length)} findings</strong>
      <ul>
        ${shown}${broken.length > shown.length ? html`<li>… and ${number(broken.length - shown.length)} more</li>` : html``}${open}
      </ul>
    </div>`;
  }
  const judged = history.judgements.reduce((sum, each) => sum + each.judged, 0);
  const checked = `What the fans were told was checked ${number(judged)} times, and the service has audited its own books.`;
  if (unjudged.length > 0) {
    return html`<div class="verdict unsure">
      <strong>No promise was seen broken, but not everything could be judged</strong>
      <ul>
        ${open}
      </ul>
    </div>`;
  }
  return html`<div class="verdict kept"><strong>Every promise was kept</strong>${checked}</div>`;
}

function figures(rehearsal: Rehearsal, facts: Facts, verdict: Verdict): Markup[] {
  const { stories, soldOutAtS } = rehearsal;
  const unknown = facts.unknown.reduce((sum, [, times]) => sum + times, 0);
  const figure = (value: string, says: string) =>
    html`<div class="figure"><b>${value}</b><span>${says}</span></div>`;
  return [
    figure(`${number(facts.seatsSold)} / ${number(seatsOffered(rehearsal))}`, 'seats sold'),
    figure(number(stories.length), 'fans'),
    figure(soldOutAtS === null ? 'not' : duration(soldOutAtS), 'until sold out'),
    figure(duration(facts.waitS.p50), 'waited, in the middle'),
    figure(duration(facts.waitS.max), 'waited, the longest'),
    figure(krw(facts.takenKrw), 'taken'),
    figure(number(unknown), unknown === 1 ? 'request not answered' : 'requests not answered'),
    figure(number(overtakings(verdict)), 'overtakings in line'),
  ];
}
