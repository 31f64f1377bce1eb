/** What must never be printed, apart from the configuration, which may be. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, StartupRefusal } from '../platform/startup-refusal.ts';
import { ConfigError } from './config-error.ts';
import { readSetting } from './setting.ts';
import { settings } from './settings.ts';

const SECRET_BYTES = 32;

export interface SigningKey {
  readonly kid: string;
  readonly secret: Uint8Array;
}

/** As given by the environment; null is what was not given. */
export interface Secrets {
  /** Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  /** The first signs, all verify. */
  readonly signingKeys: readonly SigningKey[] | null;
  readonly operatorToken: string | null;
}

/** What tokens and the operator's routes need, given or kept. */
export interface Keys {
  readonly signingKeys: readonly SigningKey[];
  readonly operatorToken: string;
  /** True once in the life of a data directory: the moment to print the token. */
  readonly operatorTokenIsNew: boolean;
}

/**
 * Makes the keys that were not given and keeps them in the data directory, readable by the owner only.
 * Instances that start at the same moment on one directory end up with the same keys.
 */
export async function provideKeys(secrets: Secrets, dataDir: string): Promise<Keys> {
  return {
    ...(await provideSigningKeys(secrets, dataDir)),
    ...(await provideOperatorToken(secrets, dataDir)),
  };
}

/** Expects what the setting's schema has accepted. */
export function parseSigningKeys(texts: readonly string[]): SigningKey[] {
  return texts.map((text) => {
    const [kid, secret] = text.split(':');
    assert(kid !== undefined && secret !== undefined, 'a signing key is name:secret');
    return { kid, secret: Buffer.from(secret, 'base64url') };
  });
}

async function provideSigningKeys(secrets: Secrets, dataDir: string): Promise<Pick<Keys, 'signingKeys'>> {
  if (secrets.signingKeys !== null) return { signingKeys: secrets.signingKeys };
  const path = join(dataDir, 'signing-keys');
  const { text } = await keep(path, () => `k1:${randomBytes(SECRET_BYTES).toString('base64url')}`);
  const read = readSetting(`SIGNING_KEYS, kept in ${path},`, settings.SIGNING_KEYS, text);
  if ('problem' in read || read.value === null) throw unusable(path);
  return { signingKeys: parseSigningKeys(read.value) };
}

async function provideOperatorToken(
  secrets: Secrets,
  dataDir: string,
): Promise<Pick<Keys, 'operatorToken' | 'operatorTokenIsNew'>> {
  if (secrets.operatorToken !== null) {
    return { operatorToken: secrets.operatorToken, operatorTokenIsNew: false };
  }
  const path = join(dataDir, 'operator-token');
  const { text, isNew } = await keep(path, () => randomBytes(SECRET_BYTES).toString('base64url'));
  const read = readSetting('OPERATOR_TOKEN', settings.OPERATOR_TOKEN, text);
  if ('problem' in read || read.value === null) throw unusable(path);
  return { operatorToken: read.value, operatorTokenIsNew: isNew };
}

/** The text kept at the path; made first where there is none. */
async function keep(path: string, make: () => string): Promise<{ text: string; isNew: boolean }> {
  try {
    const kept = await readKept(path);
    if (kept !== null) return { text: kept, isNew: false };
    const isNew = await writeOnce(path, `${make()}\n`);
    const text = await readKept(path);
    assert(text !== null, `${path} was just written`);
    return { text, isNew };
  } catch (error) {
    throw new StartupRefusal(`the keys in ${path} cannot be read or kept`, {
      exitCode: exitCodes.cannotCreate,
      advice: 'Give the service a DATA_DIR that it may write to, or set SIGNING_KEYS and OPERATOR_TOKEN.',
      cause: error,
    });
  }
}

async function readKept(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** A link appears whole or not at all, and only for the first who makes it. False: somebody else was first. */
async function writeOnce(path: string, text: string): Promise<boolean> {
  await mkdir(join(path, '..'), { recursive: true });
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function unusable(path: string): ConfigError {
  return new ConfigError([
    `${path} does not hold what the service wrote there; restore the file or remove it`,
  ]);
}
