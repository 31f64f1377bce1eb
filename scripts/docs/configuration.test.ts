import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { loadConfig } from '../../server/src/config/config.ts';
import { settings } from '../../server/src/config/settings.ts';
import { envExample, settingsTables } from './configuration.ts';

test('every setting has one row', () => {
  const rows = settingsTables().match(/(?<=^\| `)[A-Z_]+(?=`)/gm) ?? [];
  expect(rows.toSorted()).toEqual(Object.keys(settings).toSorted());
});

test('every row has as many cells as the head', () => {
  const rows = settingsTables().match(/^\|.*\|$/gm) ?? [];
  expect(new Set(rows.map((row) => row.split(/(?<!\\)\|/).length))).toEqual(new Set([6]));
});

test('the example, as a file that is used, is what the service does by itself', () => {
  const used = parseEnv(envExample().replaceAll(/^#(?=[A-Z_]+=)/gm, ''));
  expect(Object.keys(used).toSorted()).toEqual(Object.keys(settings).toSorted());
  expect(loadConfig(used)).toEqual(loadConfig({}));
});

test('the example as it is sets nothing', () => {
  expect(parseEnv(envExample())).toEqual({});
});
