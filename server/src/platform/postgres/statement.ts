import assert from 'node:assert/strict';

/** One SQL statement, prepared on each connection under the name that its leading comment gives. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** By the index of the parameter: the arrays that travel as bytes. (The driver has a field `binary` of another meaning.) */
  readonly sentAs?: readonly (BinaryType | undefined)[];
}

export type BinaryType = 'uuid' | 'timestamptz';

/** Takes the name from the leading comment: a text that begins with a comment `seats.hold` is the statement of that name. */
export function statement(text: string): Statement {
  const name = /^\s*\/\* ([a-z-]+\.[a-z-]+) \*\//.exec(text)?.[1];
  assert(name !== undefined, `a statement starts with a comment that names it: ${text.slice(0, 60)}`);
  return { name, text, sentAs: sentAsOf(text) };
}

/**
 * A write that fails unless it writes as many rows as its last parameter says, which comes after those of the text. The server
 * checks that, so that nobody waits for the count before the commit is sent.
 */
export function exactWrite(text: string): Statement {
  const [comment = ''] = /^.*? \*\//.exec(text) ?? [];
  const numbers = Array.from(text.matchAll(/\$(\d+)/g), ([, number]) => Number(number));
  const rows = `$${Math.max(...numbers) + 1}::int`;
  return statement(
    [
      comment,
      'with',
      'written as (',
      text.slice(comment.length),
      'returning 1) select case',
      `when count(*) = ${rows} then 1`,
      `else (count(*) || ' rows were written, not ' || ${rows})::int`,
      'end from written',
    ].join('\n'),
  );
}

/** A parameter is of the type that it is cast to. */
function sentAsOf(text: string): (BinaryType | undefined)[] {
  const sentAs: (BinaryType | undefined)[] = [];
  for (const [, number, type] of text.matchAll(/\$(\d+)::(uuid|timestamptz)\[\]/g))
    sentAs[Number(number) - 1] = type as BinaryType;
  return sentAs;
}
