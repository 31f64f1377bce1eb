/** The report in the terminal. */
import type { Rehearsal } from '../rehearse.ts';
import type { Verdict } from '../verdict.ts';
import type { Facts } from './facts.ts';
import { plain } from './plain.ts';
import { holdEndings, holdsGranted, leftWords, offerWords, unseenWords } from './seats.ts';
import { duration, ms, number, share } from './words.ts';

const BROKEN_SHOWN = 10;

export function summary(rehearsal: Rehearsal, facts: Facts, verdict: Verdict): string {
  const lines = [
    ...overview(rehearsal, facts),
    '',
    ...table(
      ['what they did', 'requests', 'ok', 'refused', 'unknown', 'p50', 'p95', 'p99', 'max'],
      rehearsal.steps.map(({ step, requests, ok, refused, unknown, latencyMs: { p50, p95, p99, max } }) => [
        step,
        number(requests),
        number(ok),
        number(total(refused)),
        number(total(unknown)),
        ...[p50, p95, p99, max].map(ms),
      ]),
    ),
    '',
    ...list('how it ended for them', facts.endings),
    ...holds(verdict),
    ...list('refused because', facts.refused),
    ...list('not answered because', facts.unknown),
    ...list(
      'did besides',
      facts.did.filter(([, fans]) => fans > 0),
      rehearsal.stories.length,
    ),
    '',
    ...checks(rehearsal, verdict),
    '',
    ...judgement(verdict),
    '',
  ];
  // Each is one line, whatever the service has said in it.
  return lines.map(plain).join('\n');
}

function overview(rehearsal: Rehearsal, facts: Facts): string[] {
  const { stories, tookMs, soldOutAtS } = rehearsal;
  const { waitS } = facts;
  const end = soldOutAtS === null ? leftWords(rehearsal) : `sold out after ${duration(soldOutAtS)}`;
  return [
    `${number(facts.seatsSold)} of ${offerWords(rehearsal)} sold to ${number(stories.length)} fans in ${duration(tookMs / 1_000)}: ${end}`,
    `${number(facts.requests)} requests, ${number(facts.requests / Math.max(1, tookMs / 1_000))} a second; ` +
      `${number(facts.lostChoices)} times somebody else was quicker`,
    `who was let in waited ${duration(waitS.p50)} in the middle, ${duration(waitS.max)} at most`,
  ];
}

function holds(verdict: Verdict): string[] {
  const granted = holdsGranted(verdict);
  const unseen = unseenWords(verdict);
  return [
    ...list(`of ${number(granted)} holds`, holdEndings(verdict), granted),
    ...(unseen === '' ? [] : [`  ${unseen}`]),
  ];
}

function checks({ audit, history }: Rehearsal, verdict: Verdict): string[] {
  const history_ = verdict.history.judgements.map(({ check, promise, judged, undecided, contradictions }) => [
    contradictions.length > 0 ? 'BROKEN' : undecided > 0 ? 'open' : 'ok',
    promise,
    undecided === 0 ? check : `${check} (${number(undecided)} not decided)`,
    number(judged),
  ]);
  const audited = (audit?.checks ?? []).map(({ violationCount, promise, says, counted }) => [
    violationCount === 0 ? 'ok' : 'BROKEN',
    promise,
    says,
    number(counted),
  ]);
  return [
    `what they were told, ${number(history.operations.length)} requests:`,
    ...table(['', '', '', 'judged'], history_),
    `the audit of the service: ${audit?.state ?? 'none'}`,
    ...(audited.length === 0 ? [] : table(['', '', '', 'counted'], audited)),
  ];
}

function judgement(verdict: Verdict): string[] {
  const { broken, unjudged } = verdict;
  const shown = broken.slice(0, BROKEN_SHOWN);
  const more = broken.length - shown.length;
  return [
    headline(verdict),
    ...shown.map((text) => `  ${text}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
    ...unjudged.map(({ says }) => `Not judged: ${says}.`),
  ];
}

function headline({ isKept, broken, unjudged }: Verdict): string {
  if (!isKept) return `BROKEN: ${broken.length}`;
  return unjudged.length === 0 ? 'Every promise was kept.' : 'No promise was seen broken.';
}

function list(
  title: string,
  items: readonly (readonly [string, number])[],
  all: number = items.reduce((sum, [, count]) => sum + count, 0),
): string[] {
  if (items.length === 0) return [];
  return [
    `${title}:`,
    ...table(
      [],
      items.map(([name, count]) => [name, number(count), share(count, all)]),
    ),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = head.length === 0 ? rows : [head, ...rows];
  const widths = (rows[0] ?? head).map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  const isText = (rows[0] ?? []).map((cell) => !/^[\d.,]/.test(cell));
  return all.map((row) => {
    const cells = row.map((cell, column) =>
      isText[column] === true ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `  ${cells.join('  ')}`.trimEnd();
  });
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0);
