/** Goal: what docs/reliability.md says of faults and of checks is what is done and judged. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/support/run.ts';
import { CHECKS } from '../../server/src/audit/index.ts';
import { SCENARIOS } from './scenarios/index.ts';

const TEXT = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8');

test.each(SCENARIOS.map(({ name, does, mustHold }) => ({ name, says: `${does} ${mustHold}` })))(
  '$name has a row in docs/reliability.md that says what is done',
  ({ name, says }) => {
    const row = TEXT.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
    expect(row?.split(' | ')[1], `it is written by: npm run faults -- --write ${name}`).toBe(says);
  },
);

test.each(CHECKS.map(({ name, promise }) => ({ name, promise })))(
  'the auditor’s $name is named beside $promise, which it is for',
  ({ name, promise }) => {
    const row = TEXT.split('\n').find((line) => line.startsWith(`| ${promise} |`));
    expect(row).toContain(`\`${name}\``);
  },
);
