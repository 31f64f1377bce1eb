import { describe, expect, it } from 'vitest';
import type { Ending, Story } from '../crowd/fan.ts';
import { USUAL_MIX } from '../crowd/plan.ts';
import { createTally } from '../figures.ts';
import { createRecorder } from '../history/recorder.ts';
import { tell, tooManyOrders } from '../history/story.ts';
import type { Rehearsal } from '../rehearse.ts';
import { judge } from '../verdict.ts';
import { factsOf } from './facts.ts';
import { page } from './page.ts';
import { summary } from './summary.ts';

const STARTED_MS = 5_000;

function story(index: number, ending: Ending, more: Partial<Story> = {}): Story {
  return {
    index,
    userId: `fan ${index}`,
    number: index + 1,
    arrivedMs: STARTED_MS,
    joinedMs: STARTED_MS + 1_000,
    admittedMs: null,
    endedMs: STARTED_MS + 20_000,
    end: { ending },
    seats: 0,
    paidKrw: 0,
    lostChoices: 0,
    did: new Set(),
    reservations: new Set(),
    ...more,
  };
}

/** Ten buy in their order, ten are still in line when it is sold out after 15 seconds. */
function rehearsal(more: Partial<Rehearsal> = {}): Rehearsal {
  const tally = createTally();
  const sample = { what: 'hold', path: '/reservations', answeredMs: 1, isFinal: false } as const;
  for (const tookMs of [1, 2, 3, 400]) tally.note({ ...sample, tookMs, outcome: 'ok', problem: '' });
  tally.note({ ...sample, tookMs: 5, outcome: 'refused', problem: 'seats.taken' });
  tally.note({ ...sample, tookMs: 5, outcome: 'unknown', problem: 'service.overloaded' });
  const standing = { joined: 20, waiting: 10, active: 3, head: 10, free: 0, held: 0, sold: 20 };
  for (const atS of [1, 2, 3]) tally.tick(atS, standing);
  const bought = (index: number) =>
    story(index, 'bought', { admittedMs: STARTED_MS + 1_000 * (2 + index), seats: 2, paidKrw: 1_000_000 });
  return {
    target: { performanceId: 1, room: 'main', seatCount: 20, seatsPerPerson: 4, priceKrwMax: 500_000 },
    options: {
      seed: 1,
      fans: 20,
      seatsEach: 4,
      curve: { kind: 'at-once' },
      thinkScale: 1,
      mix: USUAL_MIX,
      patienceS: 60,
    },
    holdTtlMs: 60_000,
    instances: 1,
    startedMs: STARTED_MS,
    tookMs: 20_000,
    soldOutAtS: 15,
    stories: Array.from({ length: 20 }, (_, index) =>
      index < 10 ? bought(index) : story(index, 'sold out in line', { admittedMs: STARTED_MS + 16_000 }),
    ),
    steps: tally.steps(),
    seconds: tally.seconds,
    standing,
    history: createRecorder({ monotonicMs: () => 0 }).history({
      room: 'main',
      performanceId: 1,
      holdTtlMs: 60_000,
      takenBefore: [],
    }),
    audit: {
      auditId: 'a',
      state: 'CLEAN',
      startedAt: '',
      tookMs: 1,
      underWay: 0,
      checks: [
        {
          name: 'seats',
          promise: 'I1',
          says: 'a seat has one owner',
          counted: 20,
          violationCount: 0,
          violations: [],
          tookMs: 1,
        },
      ],
    },
    isSettled: true,
    wasStopped: false,
    ...more,
  };
}

function reportsOf(of: Rehearsal, where = 'http://127.0.0.1:3000') {
  const facts = factsOf(of);
  const verdict = judge(of);
  const setting = {
    startedAt: '2027-03-01',
    where,
    room: 'open',
    command: 'npm run onsale',
    machine: 'two cores',
    stays: 'a concert',
  };
  return { facts, verdict, html: page(of, facts, verdict, setting), text: summary(of, facts, verdict) };
}

describe('what is counted for a report', () => {
  it('is by tenths of those who joined, and nobody counts who was let in when it was sold out', () => {
    const { deciles, waitS, endings, seatsSold } = factsOf(rehearsal());
    expect(deciles.map(({ seats }) => seats)).toEqual([4, 4, 4, 4, 4, 0, 0, 0, 0, 0]);
    expect(deciles.map(({ admitted }) => admitted)).toEqual([2, 2, 2, 2, 2, 0, 0, 0, 0, 0]);
    expect(waitS.max).toBe(10);
    expect(endings).toEqual([
      ['bought', 10],
      ['sold out in line', 10],
    ]);
    expect(seatsSold).toBe(20);
  });

  it('has the quantiles, the refusals and the unknown outcomes of each step', () => {
    const [hold] = rehearsal().steps;
    expect(hold).toMatchObject({ step: 'hold', requests: 6, ok: 4, latencyMs: { p50: 5, max: 400 } });
    expect(factsOf(rehearsal())).toMatchObject({
      refused: [['seats.taken', 1]],
      unknown: [['service.overloaded', 1]],
    });
  });
});

describe('a report', () => {
  it('needs nothing but itself, and has every part', () => {
    const { html } = reportsOf(rehearsal());
    expect(html).not.toMatch(/<script|<link|src=|href=|url\(|@import|undefined|NaN|Infinity/);
    const titles = [...html.matchAll(/<h2>([^<]+)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'Seats',
      'The line',
      'Order of admission',
      'Fairness',
      'How it ended for the fans',
      'Holds that came to nothing',
      'What was refused, and why',
      'What was not answered',
      'Load and answers',
      'Answers, step by step',
      'What the fans were told',
      'The audit of the service: clean',
      'What was rehearsed',
      'What some fans do besides',
      'The same fans again',
    ]);
    expect(html).toContain('Every promise was kept');
    expect(html).toContain('20 / 20');
  });

  it('says in both forms what is broken, when the audit finds it', () => {
    const { audit } = rehearsal();
    const [check] = audit?.checks ?? [];
    if (audit === undefined || check === undefined) throw new Error('there is an audit');
    const broken = { ...check, violationCount: 2, violations: ['seat <7> of 1', 'seat 8 of 1'], tookMs: 12 };
    const shared = { ...check, tookMs: 0 };
    const { html, text, verdict } = reportsOf(
      rehearsal({ audit: { ...audit, state: 'VIOLATED', checks: [broken, shared] } }),
    );
    expect(verdict.isKept).toBe(false);
    expect(text).toContain('BROKEN: 1\n  I1: a seat has one owner: 2 violations, such as seat <7> of 1');
    expect(html).toContain('A promise was broken');
    expect(html).toContain('seat &lt;7&gt; of 1');
    expect(html).not.toContain('Every promise was kept');
    expect(html).toContain('<li>seat 8 of 1</li>');
    expect(html).toContain('Its checks took 12 ms together');
    expect(html).not.toMatch(/\b0(\.0)? ms<\/td>\s*<td>I1/);
  });

  it('does not claim an order that nobody has looked at, nor one that was not kept', () => {
    expect(reportsOf(rehearsal()).html).toContain('Whether it was so here could not be looked at');
    const { facts, verdict } = reportsOf(rehearsal());
    const judgements = [{ promise: 'I6', check: 'order', judged: 7, undecided: 0, contradictions: [] }];
    const overtaken = { promise: 'I6', check: 'order', says: 'b came first', operations: [] };
    const of = (contradictions: readonly (typeof overtaken)[]) => ({
      ...verdict,
      history: { ...verdict.history, judgements, contradictions },
    });
    const setting = { startedAt: '', where: '', room: '', command: '', machine: '', stays: '' };
    expect(page(rehearsal(), facts, of([]), setting)).toContain('looked at 7 times, and it always was so');
    expect(page(rehearsal(), facts, of([overtaken]), setting)).toContain('and 1 time it was not so');
  });

  it('does not say that all is well when it could not be judged', () => {
    const { html, text, verdict } = reportsOf(rehearsal({ audit: undefined, wasStopped: true }));
    expect(verdict.unjudged).toEqual([
      { what: 'audit', says: 'the service gave no audit' },
      { what: 'stopped', says: 'it was stopped before its end' },
    ]);
    expect(html).toContain('not everything could be judged');
    expect(html).not.toContain('Every promise was kept');
    expect(text).toContain('No promise was seen broken.\nNot judged: the service gave no audit.');
  });

  it('does not say that all is well when there was too much to search through', () => {
    const { html, text, verdict } = reportsOf(rehearsal({ history: tooManyOrders() }));
    expect(verdict.unjudged).toEqual([
      { what: 'undecided', says: 'every balance that was told can be explained: 1 could not be decided' },
    ]);
    expect(html).toContain('not everything could be judged');
    expect(html).toContain('every balance that was told can be explained (1 not decided)');
    expect(text).toContain('No promise was seen broken.\nNot judged: every balance that was told');
    expect(text).toMatch(/open +I2 +every balance that was told can be explained \(1 not decided\)/);
  });

  it('names the fan whose visit nobody can explain, and counts it as a broken promise', () => {
    const end = { ending: 'unexplained', why: 'paying: what? (418)', problem: 'what?' } as const;
    const lost = story(0, 'unexplained', { end });
    const { verdict } = reportsOf(rehearsal({ stories: [lost] }));
    const says = 'nobody can explain what happened to fan 1: paying: what? (418)';
    expect(verdict).toMatchObject({
      isKept: false,
      broken: [says],
      unexplained: [{ fan: 1, problem: 'what?', says }],
    });
  });

  it('lets nothing that a service says write over what a terminal shows', () => {
    const why = 'paying: \u001B[2J\u001B]0;title\u0007\rEvery promise was kept.\nnothing\u202E\u009B (418)';
    const lost = story(0, 'unexplained', { end: { ending: 'unexplained', why } });
    const { text } = reportsOf(rehearsal({ stories: [lost] }));
    expect(text).toContain('  nobody can explain what happened to fan 1: paying: \uFFFD[2J');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).not.toMatch(/^(nothing|Every promise)/m);
  });

  it('of a sale in which nothing happened is a report all the same', () => {
    const nothing = { stories: [], steps: [], seconds: [], soldOutAtS: null };
    const { html, text } = reportsOf(rehearsal(nothing));
    expect(html + text).not.toMatch(/undefined|NaN|Infinity/);
  });

  it('has in both forms how many holds lapsed, were given back and were refunded', () => {
    const hold = (seat: number) => ({ performanceId: 1, seats: [seat], payNow: false });
    const granted = (reservationId: string) => ({ reservationId, amount: 100 });
    const shown = (reservationId: string, status: 'EXPIRED' | 'CANCELLED', seat: number) => ({
      ...granted(reservationId),
      status,
      seats: [seat],
    });
    const ended = [shown('r1', 'EXPIRED', 1), shown('r2', 'EXPIRED', 2), shown('r3', 'CANCELLED', 3)];
    const told = tell()
      .ok('a', 'hold', [0, 1], hold(1), granted('r1'))
      .ok('a', 'hold', [2, 3], hold(2), granted('r2'))
      .ok('a', 'hold', [4, 5], hold(3), granted('r3'))
      .ok('a', 'give-back', [6, 7], { reservationId: 'r3' }, null)
      .ok('a', 'reservations', [90_000, 90_001], null, ended, { isFinal: true });
    const { html, text } = reportsOf(rehearsal({ history: told.history() }));
    expect(text).toMatch(
      /of 3 holds:\n +lapsed: not paid in time +2 .*\n +given back.* +1 .*\n +refunded.* 0 /,
    );
    expect(html).toMatch(/lapsed: not paid in time<\/td>\s*<td class="n">2</);
  });

  it('says in both forms the same of the seats that are left, and of those that were taken before', () => {
    const { history, standing } = rehearsal();
    const { html, text } = reportsOf(
      rehearsal({
        soldOutAtS: null,
        standing: { ...standing, free: 3, held: 2, sold: 15 },
        history: { ...history, takenBefore: [1, 2, 3, 4] },
      }),
    );
    for (const report of [html, text]) {
      expect(report).toContain('16 seats that were still free, of 20');
      expect(report).toContain('5 seats were left, 2 of them still held');
    }
    expect(html).toContain('20 / 16');
  });

  it('escapes what comes from outside', () => {
    const { html } = reportsOf(rehearsal(), 'http://x/<img onerror="1">');
    expect(html).not.toContain('<img');
  });
});
