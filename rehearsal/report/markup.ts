/** Text for a page: what is put into a template is escaped, unless it is markup already. */

export interface Markup {
  readonly markup: string;
}

type Value = string | number | Markup | readonly Markup[];

export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const markup = parts.reduce((text, part, index) => text + textOf(values[index - 1] ?? '') + part);
  return { markup };
}

/** What is markup and known to be: a style sheet of ours. */
export function trusted(markup: string): Markup {
  return { markup };
}

function textOf(value: Value): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escape(value);
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
