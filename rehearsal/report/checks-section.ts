/** Every check that was made, by name: of what the fans were told, and of the service's own books. */
import type { Rehearsal } from '../rehearse.ts';
import type { Verdict } from '../verdict.ts';
import { html, type Markup } from './markup.ts';
import { ms, number } from './words.ts';

interface Row {
  readonly says: string;
  readonly promise: string;
  readonly counted: number;
  readonly broken: number;
  readonly undecided: number;
  /** A sentence for each; of very many the first. */
  readonly findings: readonly string[];
  /** Undefined: it was not measured. */
  readonly took?: string;
}

const FINDINGS_SHOWN = 100;

export function checksSection({ audit, history }: Rehearsal, verdict: Verdict): Markup {
  const told = verdict.history.judgements.map(
    ({ check, promise, judged, undecided, contradictions }): Row => ({
      says: check,
      promise,
      counted: judged,
      broken: contradictions.length,
      undecided,
      findings: contradictions.slice(0, FINDINGS_SHOWN).map(({ says }) => says),
    }),
  );
  const checks = audit?.checks ?? [];
  const audited = checks.map(({ says, promise, counted, violationCount, violations, tookMs }): Row => ({
    says,
    promise,
    counted,
    broken: violationCount,
    undecided: 0,
    findings: violations,
    took: tookMs === 0 ? '–' : ms(tookMs),
  }));
  const allMs = checks.reduce((sum, { tookMs }) => sum + tookMs, 0);
  return html`<section class="wide">
    <h2>What the fans were told</h2>
    <p>
      ${number(history.operations.length)} requests were taken down with what was answered. From these alone,
      without a look into the service:
    </p>
    ${tableOf(told, 'looked at')}
    <h2>The audit of the service: ${audit?.state.toLowerCase() ?? 'none'}</h2>
    <p>The service works its promises out anew from its own tables and its log. ${auditTimes(allMs)}</p>
    ${tableOf(audited, 'counted')}
  </section>`;
}

function auditTimes(allMs: number): string {
  return allMs === 0
    ? ''
    : `Its checks took ${ms(allMs)} together. –: done in one statement with a check above it, which has the time of both, or in no time to speak of.`;
}

function tableOf(rows: readonly Row[], counted: string): Markup {
  if (rows.length === 0) return html`<p>There is nothing to show.</p>`;
  const isTimed = rows.some(({ took }) => took !== undefined);
  const lines = rows.map(
    ({ says, promise, counted: count, broken, undecided, findings, took = '' }) =>
      html`<tr>
        <td>${markOf(broken, undecided)}</td>
        <td>
          ${says}${undecided === 0 ? '' : ` (${number(undecided)} not decided)`}${findingsOf(findings, broken)}
        </td>
        <td class="n">${number(count)}</td>
        ${isTimed ? html`<td class="n">${took}</td>` : html``}
        <td>${promise}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      <tr>
        <th></th>
        <th>what holds</th>
        <th class="n">${counted}</th>
        ${isTimed ? html`<th class="n">took</th>` : html``}
        <th>promise</th>
      </tr>
      ${lines}
    </table>
  </div>`;
}

function findingsOf(findings: readonly string[], broken: number): Markup {
  if (broken === 0) return html``;
  const more = broken - findings.length;
  return html`<ul>
    ${findings.map((text) => html`<li>${text}</li>`)}${more > 0 ? html`<li>… and ${number(more)} more</li>` : html``}
  </ul>`;
}

function markOf(broken: number, undecided: number): Markup {
  if (broken > 0) return html`<span class="no">✗ ${number(broken)}</span>`;
  return undecided > 0 ? html`<span class="open">?</span>` : html`<span class="ok">✓</span>`;
}
