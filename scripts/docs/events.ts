/** The choreography of docs/events.md, from the saga map and the events' schemas. */
import { type EventName, events } from '../../contract/src/events.ts';
import { sagaMap } from '../../server/src/messaging/index.ts';

interface Entry {
  readonly emittedBy: string;
  readonly reactions: Readonly<Record<string, { readonly does: string; readonly emits: readonly string[] }>>;
  readonly final?: string;
}
const entries = Object.entries(sagaMap) as [EventName, Entry][];

/** One row for each event. */
export function sagaTable(): string {
  const rows = entries.map(([name, { emittedBy, reactions, final }]) => {
    const reacts = Object.entries(reactions).map(([reader, { does, emits }]) => {
      const then = emits.length === 0 ? '' : ` → ${emits.map((event) => `\`${event}\``).join(' or ')}`;
      return `**${reader}** ${does}${then}`;
    });
    return `| \`${name}\` | ${emittedBy} | ${reacts.join('<br>') || `(final: ${final ?? ''})`} |`;
  });
  return ['| event | emitted by | who reacts, and how |', '|---|---|---|', ...rows].join('\n');
}

/** What each event carries. */
export function eventFields(): string {
  return entries
    .map(([name]) => {
      const schema: { properties: object; description?: string } = events[name];
      const fields = Object.keys(schema.properties).map((field) => `\`${field}\``);
      return `- \`${name}\` — ${schema.description ?? ''} ${fields.join(', ')}`;
    })
    .join('\n');
}

/** The graph as Mermaid, which code hosts draw. */
export function sagaDiagram(): string {
  const edges = entries.flatMap(([name, { reactions }]) =>
    Object.entries(reactions).flatMap(([reader, { emits }]) =>
      emits.map((event) => `  ${name} -->|${reader}| ${event}`),
    ),
  );
  return ['```mermaid', 'flowchart LR', ...edges, '```'].join('\n');
}
