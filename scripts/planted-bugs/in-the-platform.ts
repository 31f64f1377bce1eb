import type { PlantedBug } from './planted-bug.ts';

const DATABASE = 'server/src/platform/postgres/database.int.test.ts';
const BATCHER = 'server/src/platform/batcher.test.ts';

export const IN_THE_PLATFORM: readonly PlantedBug[] = [
  {
    name: 'rollback-taken-for-a-commit',
    says: 'COMMIT was answered without an error, so it was committed.',
    harm: 'PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK: seats are confirmed that nobody holds.',
    promise: 'I3',
    file: 'server/src/platform/postgres/database.ts',
    changes: [
      { find: 'if (result.command !== how.toUpperCase()) {', replace: "if (result.command === '') {" },
    ],
    killers: [
      {
        file: DATABASE,
        test: 'work that hides a failure cannot commit: the answer to its COMMIT is a fault',
      },
    ],
  },
  {
    name: 'lost-commit-taken-for-one',
    says: 'COMMIT was sent, so it will have been committed.',
    harm: 'The connection broke first: people hold an answer for seats that they do not have.',
    promise: 'I4',
    file: 'server/src/platform/postgres/database.ts',
    changes: [
      {
        find: "losing(error as Error); // how it ended is unknown, so is the connection's state\n    throw error;",
        replace: "losing(error as Error);\n    return { command: 'COMMIT' };",
      },
    ],
    killers: [
      {
        file: DATABASE,
        test: 'a connection that is lost during the commit is a fault: nobody says that it was done',
      },
    ],
  },
  {
    name: 'statement-failed-unnoticed',
    says: 'What was only sent is not waited for.',
    harm: 'Events that could not be written are missing, and the seats are confirmed all the same.',
    promise: 'I10',
    file: 'server/src/platform/postgres/database.ts',
    changes: [{ find: '  await Promise.all(sent);\n  await ended;\n', replace: '  await ended;\n' }],
    killers: [{ file: DATABASE, test: 'a statement that was only sent fails the transaction' }],
  },
  {
    name: 'answer-of-another-request',
    says: 'Outcomes are handed out in order, to those who get one.',
    harm: 'After a repeated click in a batch everybody behind it gets the answer of somebody else.',
    promise: 'I3',
    file: 'server/src/platform/batcher.ts',
    changes: [
      {
        find: 'const outcome = outcomes[index] as Outcome | typeof AGAIN;',
        replace:
          'const outcome = (outcomes.filter((each) => each !== AGAIN)[index] ?? AGAIN) as Outcome | typeof AGAIN;',
      },
    ],
    killers: [{ file: BATCHER, test: 'what was not decided rides again, first of all, in its old order' }],
  },
  {
    name: 'unknown-outcome-tried-again',
    says: 'Whatever fails is tried again, a lost connection too.',
    harm: 'While the database is away every request waits five times as long, and a commit that went through is done again.',
    promise: 'I4',
    file: 'server/src/platform/postgres/faults.ts',
    changes: [{ find: "return error.kind === 'again' ||", replace: "return error.kind !== 'data' ||" }],
    killers: [
      { file: BATCHER, test: 'a lost database fails the whole batch at once, without asking again for each' },
    ],
  },
  {
    name: 'key-just-taken-is-an-error',
    says: 'A unique key that is there already is bad data, and bad data is not tried again.',
    harm: 'A double click that reaches two instances ends as an error, though the purchase was made.',
    promise: 'I5',
    file: 'server/src/platform/postgres/faults.ts',
    changes: [{ find: ' || (error.sqlstate === UNIQUE_VIOLATION && alone)', replace: '' }],
    killers: [
      {
        file: BATCHER,
        test: 'a unique key that somebody else just took is looked at again, for the one that it concerns',
      },
    ],
  },
  {
    name: 'one-culprit-fails-all',
    says: 'A batch that fails has failed.',
    harm: 'One request that the database refuses takes two hundred others with it.',
    promise: 'I11',
    file: 'server/src/platform/batcher.ts',
    changes: [{ find: 'if (batch.length === 1 || !liesInTheWork(error)) return', replace: 'return' }],
    killers: [{ file: BATCHER, test: 'one culprit gets the error and nobody else does' }],
  },
];
