import { expect, it } from 'vitest';
import { peopleOf } from './people.ts';
import { tell } from './story.ts';

it('people are those who have an account: whoever only asks for one is none', () => {
  const story = tell()
    .ok('', 'other', [0, 1], { path: '/guests' }, null)
    .ok('a', 'wallet', [2, 3], null, { balance: 0 })
    .ok('b', 'wallet', [4, 5], null, { balance: 0 });
  expect(peopleOf(story.history()).map(({ userId }) => userId)).toEqual(['a', 'b']);
});
