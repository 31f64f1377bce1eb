/** The only reader of the environment. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readSetting, type ValueOf } from './setting.ts';
import { type SettingName, settings } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof settings)[Name]> };

export interface ReadEnvironment {
  /** A setting that could not be read has its default here, and is named in `unusable`. */
  readonly values: SettingValues;
  readonly problems: readonly string[];
  readonly unusable: ReadonlySet<SettingName>;
}

/** The process's own environment; what it does not say is taken from the directory's file `.env`, if there is one. */
export function processEnvironment(directory: string = process.cwd()): Environment {
  const file = join(directory, '.env');
  return existsSync(file) ? { ...parseEnv(readFileSync(file, 'utf8')), ...process.env } : process.env;
}

/** Reads every setting and collects what is wrong with any of them. */
export function readEnvironment(env: Environment): ReadEnvironment {
  const problems: string[] = [];
  const unusable = new Set<SettingName>();
  const entries = Object.entries(settings).map(([name, from]) => {
    const read = readSetting<unknown>(name, from, env[name]);
    if ('value' in read) return [name, read.value];
    problems.push(read.problem);
    unusable.add(name as SettingName);
    return [name, from.default];
  });
  return { values: Object.fromEntries(entries) as SettingValues, problems, unusable };
}
