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

/** A parameter is of the type that it is cast to. */
function sentAsOf(text: string): (BinaryType | undefined)[] {
  const sentAs: (BinaryType | undefined)[] = [];
  for (const [, number, type] of text.matchAll(/\$(\d+)::(uuid|timestamptz)\[\]/g))
    sentAs[Number(number) - 1] = type as BinaryType;
  return sentAs;
}
