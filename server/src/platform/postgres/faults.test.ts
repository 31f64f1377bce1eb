import { expect, test } from 'vitest';
import { DatabaseFault, liesInTheWork, mayLieInTheWork } from './faults.ts';

function answered(code: string, severity = 'ERROR'): DatabaseFault {
  return new DatabaseFault('seats.hold', Object.assign(new Error('it says why'), { severity, code }));
}

test.each([
  ['a deadlock', '40P01', 'again'],
  ['a serialisation failure', '40001', 'again'],
  ['a lock that did not come in time', '55P03', 'again'],
  ['a unique key', '23505', 'data'],
  ['a check', '23514', 'data'],
  ['a value out of range', '22003', 'data'],
  ['a transaction that had failed before', '25P02', 'data'],
  ['a statement that took too long', '57014', 'broken'],
  ['a shutdown', '57P01', 'down'],
  ['a server that starts up', '57P03', 'down'],
  ['no more connections', '53300', 'down'],
  ['a full disk', '53100', 'down'],
  ['a standby that cannot write', '25006', 'down'],
  ['a read error', '58030', 'broken'],
  ['an internal error', 'XX000', 'broken'],
  ['a damaged page', 'XX001', 'broken'],
  ['a lost connection', '08006', 'down'],
] as const)('%s (%s) is %s', (_, sqlstate, kind) => {
  expect(answered(sqlstate)).toMatchObject({ kind, sqlstate });
});

test.each([
  ['an idle transaction whose time is over', '25P03'],
  ['a wrong password', '28P01'],
  ['a database that is gone', '3D000'],
  ['an internal error of the whole session', 'XX000'],
])('%s (%s) ends the connection, so it is down', (_, sqlstate) => {
  expect(answered(sqlstate, 'FATAL')).toMatchObject({ kind: 'down', sqlstate });
});

test('an error of the way to the server has no SQLSTATE and is down', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(new DatabaseFault('connect', refused)).toMatchObject({ kind: 'down', sqlstate: undefined });
});

test('a bug and bad data lie in the work, all else does not', () => {
  expect(liesInTheWork(answered('23505'))).toBe(true);
  expect(liesInTheWork(new TypeError('a bug'))).toBe(true);
  expect(liesInTheWork(answered('40P01'))).toBe(false);
  expect(liesInTheWork(answered('57P01'))).toBe(false);
});

test('what is locked, cancelled or damaged may lie in the work; a server that is away does not', () => {
  for (const sqlstate of ['55P03', '40P01', '57014', 'XX001', '58030', '23505']) {
    expect(mayLieInTheWork(answered(sqlstate)), sqlstate).toBe(true);
  }
  expect(mayLieInTheWork(new TypeError('a bug'))).toBe(true);
  for (const sqlstate of ['57P01', '53300', '08006', '25006']) {
    expect(mayLieInTheWork(answered(sqlstate)), sqlstate).toBe(false);
  }
  expect(mayLieInTheWork(new DatabaseFault('connect', new Error('no answer')))).toBe(false);
});

test('it says what was being done and keeps its cause', () => {
  const cause = Object.assign(new Error('duplicate key'), {
    severity: 'ERROR',
    code: '23505',
    constraint: 'hold_pkey',
  });
  const fault = DatabaseFault.from('seats.remember', cause);
  expect(fault).toMatchObject({
    name: 'DatabaseFault',
    message: 'seats.remember: duplicate key',
    constraint: 'hold_pkey',
  });
  expect(fault.cause).toBe(cause);
  expect(DatabaseFault.from('commit', fault)).toBe(fault);
});
