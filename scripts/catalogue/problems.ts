/** What is wrong with a file: all of it is counted, and as much is kept as anybody could read. */

/** What is wrong, where (a JSON pointer; empty is the whole file), and what to do. */
export interface FileProblem {
  readonly path: string;
  readonly message: string;
}

export interface Problems {
  readonly problems: readonly FileProblem[];
  /** How many more there are. */
  readonly unlisted: number;
}

/** Some 10 MB of text. A file of the largest size can have millions, which would fill the memory. */
export const LISTED_MAX = 100_000;

/** Takes them one at a time: what is not listed need not be kept. */
export function tally(found: Iterable<FileProblem>): Problems {
  const problems: FileProblem[] = [];
  let unlisted = 0;
  for (const problem of found) {
    if (problems.length < LISTED_MAX) problems.push(problem);
    else unlisted++;
  }
  return { problems, unlisted };
}
