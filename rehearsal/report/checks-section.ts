/** Every check that was made, by name: of what the fans were told, and of the service's own books. */
import type { Rehearsal } from '../rehearse.ts';
import type { Verdict } from '../verdict.ts';
import { html, type Markup } from './markup.ts';
import { number } from './words.ts';

interface Row {
  readonly says: string;
  readonly promise: string;
  readonly counted: number;
  readonly broken: number;
  readonly undecided: number;
}

export function checksSection({ audit, history }: Rehearsal, verdict: Verdict): Markup {
  const told = verdict.history.judgements.map(
    ({ check, promise, judged, undecided, contradictions }): Row => ({
      says: check,
      promise,
      counted: judged,
      broken: contradictions.length,
      undecided,
    }),
  );
  const audited = (audit?.checks ?? []).map(({ says, promise, counted, violationCount }): Row => ({
    says,
    promise,
    counted,
    broken: violationCount,
    undecided: 0,
  }));
  return html`<section class="wide">
    <h2>What the fans were told</h2>
    <p>
      ${number(history.operations.length)} requests were taken down with what was answered. From these alone,
      without a look into the service:
    </p>
    ${tableOf(told, 'looked at')}
    <h2>The audit of the service: ${audit?.state.toLowerCase() ?? 'none'}</h2>
    <p>The service works its promises out anew from its own tables and its log.</p>
    ${tableOf(audited, 'counted')}
  </section>`;
}

function tableOf(rows: readonly Row[], counted: string): Markup {
  if (rows.length === 0) return html`<p>There is nothing to show.</p>`;
  const lines = rows.map(
    ({ says, promise, counted: count, broken, undecided }) =>
      html`<tr>
        <td>${markOf(broken, undecided)}</td>
        <td>${says}${undecided === 0 ? '' : ` (${number(undecided)} not decided)`}</td>
        <td class="n">${number(count)}</td>
        <td>${promise}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      <tr>
        <th></th>
        <th>what holds</th>
        <th class="n">${counted}</th>
        <th>promise</th>
      </tr>
      ${lines}
    </table>
  </div>`;
}

function markOf(broken: number, undecided: number): Markup {
  if (broken > 0) return html`<span class="no">✗ ${number(broken)}</span>`;
  return undecided > 0 ? html`<span class="open">?</span>` : html`<span class="ok">✓</span>`;
}
