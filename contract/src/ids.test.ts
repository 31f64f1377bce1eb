import { Check } from 'typebox/value';
import { expect, test } from 'vitest';
import { isInstant, isUuid, Uuid } from './ids.ts';

test.each([
  ['2027-02-28T23:59:59.999Z', true],
  ['2028-02-29T00:00:00.000Z', true],
  ['0001-01-01T00:00:00.000Z', true],
  ['0000-12-31T23:59:59.999Z', false],
  ['2027-02-29T00:00:00.000Z', false],
  ['2027-02-28T24:00:00.000Z', false],
  ['2027-13-01T00:00:00.000Z', false],
  ['2027-02-28T00:00:00Z', false],
  ['2027-02-28T00:00:00.000+09:00', false],
  ['+002027-02-28T00:00:00.000Z', false],
  ['infinity', false],
  [1_800_000_000_000, false],
  [null, false],
])('%s is an instant: %s', (value, expected) => {
  expect(isInstant(value)).toBe(expected);
});

test.each([
  ['0d9c1c2e-0000-4000-8000-000000000001', true],
  ['0D9C1C2E-0000-4000-8000-000000000001', false],
  ['0d9c1c2e000040008000000000000001', false],
  ['0d9c1c2e-0000-4000-8000-000000000001\n', false],
  ['{0d9c1c2e-0000-4000-8000-000000000001}', false],
  [1, false],
])('%s is a UUID: %s, with a schema and without', (value, expected) => {
  expect(isUuid(value)).toBe(expected);
  expect(Check(Uuid, value)).toBe(expected);
});
