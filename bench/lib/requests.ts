/** Requests as text: templates are cut once, so that filling one costs the load next to nothing. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Journey, Step } from './load.ts';

export type Known = Readonly<Record<string, string>>;

/** Gives what writes the step's request of HTTP/1.1; `{name}` in path, headers and body is filled with what is known. */
export function requestOf(step: Step): (known: Known) => string {
  const lines = [
    `${step.method} ${step.path} HTTP/1.1`,
    'host: bench',
    ...Object.entries(step.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  if (step.body === undefined) return template(`${lines.join('\r\n')}\r\n\r\n`);
  const head = template(`${lines.join('\r\n')}\r\ncontent-type: application/json\r\ncontent-length: `);
  const bodyOf = template(step.body);
  return (known) => {
    const body = bodyOf(known);
    return `${head(known)}${body.length}\r\n\r\n${body}`;
  };
}

function template(text: string): (known: Known) => string {
  const [first = '', ...rest] = text.split(/\{(\w+)\}/);
  const names = rest.filter((_, index) => index % 2 === 0);
  const texts = rest.filter((_, index) => index % 2 === 1);
  return (known) => {
    let filled = first;
    for (let at = 0; at < names.length; at++) filled += (known[names[at] ?? ''] ?? '') + (texts[at] ?? '');
    return filled;
  };
}

/** The value of a text or a number in a body of JSON, where it stands first; '' where it does not stand. */
export function valueIn(body: string, name: string): string {
  const mark = `"${name}":`;
  const at = body.indexOf(mark);
  if (at === -1) return '';
  const start = at + mark.length;
  if (body[start] === '"') return body.slice(start + 1, body.indexOf('"', start + 1));
  return /^[^,}\]]*/.exec(body.slice(start, start + 32))?.[0] ?? '';
}

/** Writes one request for each journey, each with its length before it, as bench/lua/requests.lua reads them. */
export async function writeRequests(file: string, step: Step, journeys: readonly Journey[]): Promise<void> {
  const write = requestOf(step);
  function* lines() {
    for (const { known } of journeys) {
      const request = write(known);
      yield `${request.length}\n${request}`;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(file, 'latin1'));
}
