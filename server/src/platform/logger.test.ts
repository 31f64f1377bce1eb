import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

function logged(fields: object): string {
  const lines: string[] = [];
  createLogger('info', { write: (line) => void lines.push(line) }).warn(fields, 'said');
  expect(lines).toHaveLength(1);
  return lines.join('');
}

test.each([
  ['token'],
  ['accessToken'],
  ['operatorToken'],
  ['authorization'],
  ['cookie'],
  ['password'],
  ['secret'],
  ['connectionString'],
  ['databaseUrl'],
])('%s is not written, neither by itself nor in something', (name) => {
  const line = logged({ [name]: 'the-secret', headers: { [name]: 'the-secret' }, plain: 'to be seen' });
  expect(line).not.toContain('the-secret');
  expect(line).toContain('to be seen');
});

test('a ticket code is not written', () => {
  expect(logged({ code: 'the-secret', body: { code: 'the-secret' } })).not.toContain('the-secret');
});

test('what PostgreSQL tells of the values in a row stays out of the lines, its message and cause do not', () => {
  const cause = Object.assign(new Error('duplicate key'), {
    code: '23505',
    detail: 'Key (user_id)=(the-secret)',
  });
  const line = logged({ err: new Error('seats.hold', { cause }) });
  expect(line).toContain('duplicate key');
  expect(line).not.toContain('the-secret');
});

test('the code of an error is written: it says what failed', () => {
  expect(logged({ err: Object.assign(new Error('lost'), { code: 'ECONNREFUSED' }) })).toContain(
    'ECONNREFUSED',
  );
});
