import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError } from './config-error.ts';
import { loadConfig } from './config.ts';
import type { Environment } from './env.ts';
import { ROLES, type SettingName, settings } from './settings.ts';

const secretText = randomBytes(32).toString('base64url');
const jwt = {
  IDENTITY: 'jwt',
  JWT_JWKS_URL: 'https://issuer.example/keys',
  JWT_ISSUER: 'https://issuer.example',
  JWT_AUDIENCE: 'frontrow',
};

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('an empty environment', () => {
  test('is a complete configuration', () => {
    expect(loadConfig({})).toEqual({
      config: {
        http: { host: '127.0.0.1', port: 3000, trustProxyHops: 0, shutdownGraceMs: 10_000 },
        dataDir: resolve('.data'),
        database: { kind: 'embedded', poolMax: 24 },
        roles: new Set(ROLES),
        identity: { kind: 'builtin' },
        hold: { ttlMs: 300_000 },
        queue: {
          rateCount: 50,
          rateWindowMs: 30_000,
          capacity: 1000,
          activeTtlMs: 600_000,
          claimWindowMs: 120_000,
        },
        audit: { intervalMs: 60_000 },
        log: { level: 'info', retentionMs: 86_400_000 },
        demoCatalogue: 'auto',
      },
      secrets: { databaseUrl: null, signingKeys: null, operatorToken: null },
    });
  });

  test('every default is a value that the setting would accept', () => {
    for (const [name, { default: value, usable }] of Object.entries(settings)) {
      if (value !== null) expect(usable(value), name).toBe(true);
    }
  });

  test('empty text is the same as unset', () => {
    const empty = Object.fromEntries(Object.keys(settings).map((name) => [name, '']));
    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  test('variables of others are ignored', () => {
    expect(loadConfig({ PATH: '/bin', PORTAL: '1' })).toEqual(loadConfig({}));
  });
});

describe('what is set is what is used', () => {
  test('a whole environment', () => {
    const { config, secrets } = loadConfig({
      PORT: '0',
      HOST: '0.0.0.0',
      TRUST_PROXY_HOPS: '2',
      SHUTDOWN_GRACE_MS: '0',
      ROLES: 'payments,api',
      DATA_DIR: '/var/lib/frontrow',
      DATABASE_URL: 'postgresql://u:p%40ss@db:5432/frontrow',
      DATABASE_POOL_MAX: '40',
      DEMO_CATALOGUE: 'off',
      IDENTITY: 'trusted',
      TRUSTED_USER_HEADER: 'X-Account',
      SIGNING_KEYS: `new:${secretText},old:${secretText}`,
      OPERATOR_TOKEN: 'x'.repeat(32),
      HOLD_TTL_MS: '1000',
      QUEUE_RATE_COUNT: '1',
      QUEUE_RATE_WINDOW_MS: '100',
      QUEUE_CAPACITY: '7',
      ACTIVE_TTL_MS: '2000',
      AUDIT_INTERVAL_MS: '0',
      LOG_RETENTION_MS: '60000',
      LOG_LEVEL: 'debug',
    });
    expect(config).toEqual({
      http: { host: '0.0.0.0', port: 0, trustProxyHops: 2, shutdownGraceMs: 0 },
      dataDir: '/var/lib/frontrow',
      database: { kind: 'external', poolMax: 40 },
      roles: new Set(['payments', 'api']),
      identity: { kind: 'trusted', userHeader: 'x-account' },
      hold: { ttlMs: 1000 },
      queue: { rateCount: 1, rateWindowMs: 100, capacity: 7, activeTtlMs: 2000, claimWindowMs: 2000 },
      audit: { intervalMs: Number.POSITIVE_INFINITY },
      log: { level: 'debug', retentionMs: 60_000 },
      demoCatalogue: 'off',
    });
    const secret = Buffer.from(secretText, 'base64url');
    expect(secrets).toEqual({
      databaseUrl: 'postgresql://u:p%40ss@db:5432/frontrow',
      signingKeys: [
        { kid: 'new', secret },
        { kid: 'old', secret },
      ],
      operatorToken: 'x'.repeat(32),
    });
  });

  test('an external issuer', () => {
    expect(loadConfig(jwt).config.identity).toEqual({
      kind: 'jwt',
      jwksUrl: 'https://issuer.example/keys',
      issuer: 'https://issuer.example',
      audience: 'frontrow',
    });
  });

  test('keys over plain http come from this machine only', () => {
    expect(problemsOf({ ...jwt, JWT_JWKS_URL: 'http://127.0.0.1:9000/keys' })).toEqual([]);
    expect(problemsOf({ ...jwt, JWT_JWKS_URL: 'http://localhost.example/keys' })).toHaveLength(1);
  });
});

describe('refusals', () => {
  const aNumber = (name: SettingName, from: number, to: number, text: string) =>
    `${name} must be a whole number from ${from} to ${to}; it is "${text}"`;

  test.each<[SettingName, string, string]>([
    ['PORT', '65536', aNumber('PORT', 0, 65_535, '65536')],
    ['PORT', '-1', aNumber('PORT', 0, 65_535, '-1')],
    ['PORT', '3000.0', aNumber('PORT', 0, 65_535, '3000.0')],
    ['PORT', '0x50', aNumber('PORT', 0, 65_535, '0x50')],
    ['PORT', ' 3000', aNumber('PORT', 0, 65_535, ' 3000')],
    ['TRUST_PROXY_HOPS', '11', aNumber('TRUST_PROXY_HOPS', 0, 10, '11')],
    ['SHUTDOWN_GRACE_MS', '600001', aNumber('SHUTDOWN_GRACE_MS', 0, 600_000, '600001')],
    ['DATABASE_POOL_MAX', '3', aNumber('DATABASE_POOL_MAX', 4, 500, '3')],
    ['HOLD_TTL_MS', '999', aNumber('HOLD_TTL_MS', 1000, 3_600_000, '999')],
    ['QUEUE_RATE_COUNT', '0', aNumber('QUEUE_RATE_COUNT', 1, 1_000_000, '0')],
    ['QUEUE_RATE_WINDOW_MS', '99', aNumber('QUEUE_RATE_WINDOW_MS', 100, 3_600_000, '99')],
    ['QUEUE_CAPACITY', '0', aNumber('QUEUE_CAPACITY', 1, 10_000_000, '0')],
    ['ACTIVE_TTL_MS', '1e6', aNumber('ACTIVE_TTL_MS', 2000, 86_400_000, '1e6')],
    ['AUDIT_INTERVAL_MS', '999', 'AUDIT_INTERVAL_MS must be 0, or 1000 to 86400000; it is "999"'],
    ['LOG_RETENTION_MS', '0', aNumber('LOG_RETENTION_MS', 60_000, 7_776_000_000, '0')],
    ['HOST', 'two words', 'HOST must be an address or a host name; it is "two words"'],
    ['DEMO_CATALOGUE', 'on', 'DEMO_CATALOGUE must be one of auto, off; it is "on"'],
    ['IDENTITY', 'JWT', 'IDENTITY must be one of builtin, jwt, trusted; it is "JWT"'],
    ['TRUSTED_USER_HEADER', 'x user', 'TRUSTED_USER_HEADER must be the name of a header; it is "x user"'],
    [
      'LOG_LEVEL',
      'verbose',
      'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent; it is "verbose"',
    ],
    ['REDIS_URL', 'redis://localhost', 'REDIS_URL must be unset: it is not supported yet'],
    ['NATS_URL', 'nats://localhost', 'NATS_URL must be unset: it is not supported yet'],
  ])('%s=%s', (name, text, problem) => {
    expect(problemsOf({ [name]: text })).toEqual([problem]);
  });

  test.each(['all,api', 'api,api', 'api, seats', 'api,catalogue', ',', 'API'])('ROLES=%s', (text) => {
    expect(problemsOf({ ROLES: text })).toEqual([
      `ROLES must be all, or some of ${ROLES.join(', ')}, with commas between and none twice; it is "${text}"`,
    ]);
  });

  test.each<[SettingName, string]>([
    ['DATABASE_URL', 'mysql://u:hunter2hunter2@db/frontrow'],
    ['DATABASE_URL', 'postgresql://u:hunter2hunter2@db:port/frontrow'],
    ['OPERATOR_TOKEN', 'hunter2hunter2'],
    ['OPERATOR_TOKEN', `${'hunter2hunter2'.repeat(3)} with spaces`],
    ['SIGNING_KEYS', 'hunter2hunter2'],
    ['SIGNING_KEYS', 'k1:hunter2hunter2'],
    ['SIGNING_KEYS', `k1:${secretText},`],
    ['SIGNING_KEYS', `k1:${secretText},k1:${secretText}`],
    ['SIGNING_KEYS', `k1:${'+'.repeat(43)}`],
    ['REDIS_URL', 'redis://u:hunter2hunter2@cache'],
  ])('%s=%s, without printing it', (name, text) => {
    const [problem, ...others] = problemsOf({ [name]: text });
    expect(problem).toMatch(new RegExp(`^${name} must be `));
    expect(problem).not.toContain('hunter2');
    expect(problem).not.toContain(secretText);
    expect(others).toEqual([]);
  });

  test('a hold ends before its turn', () => {
    const problem = 'HOLD_TTL_MS must be less than ACTIVE_TTL_MS: a turn would end before its hold';
    expect(problemsOf({ HOLD_TTL_MS: '600000' })).toEqual([problem]);
    expect(problemsOf({ HOLD_TTL_MS: '599999' })).toEqual([]);
  });

  test('an external issuer needs its three settings', () => {
    expect(problemsOf({ IDENTITY: 'jwt' })).toEqual([
      'JWT_JWKS_URL must be set when IDENTITY is jwt',
      'JWT_ISSUER must be set when IDENTITY is jwt',
      'JWT_AUDIENCE must be set when IDENTITY is jwt',
    ]);
  });

  test('an issuer that nothing would ask is a mistake', () => {
    expect(problemsOf({ ...jwt, IDENTITY: 'builtin' })).toEqual([
      'JWT_JWKS_URL must be unset unless IDENTITY is jwt: nothing would verify such tokens',
      'JWT_ISSUER must be unset unless IDENTITY is jwt: nothing would verify such tokens',
      'JWT_AUDIENCE must be unset unless IDENTITY is jwt: nothing would verify such tokens',
    ]);
  });

  test('a setting that cannot be read is not also told to agree with others', () => {
    expect(problemsOf({ HOLD_TTL_MS: 'long', ACTIVE_TTL_MS: '2000' })).toEqual([
      aNumber('HOLD_TTL_MS', 1000, 3_600_000, 'long'),
    ]);
  });

  test('all problems come at once, with an exit code and what to do', () => {
    const load = () =>
      loadConfig({ PORT: 'x', IDENTITY: 'jwt', REDIS_URL: 'redis://cache', HOLD_TTL_MS: '600000' });
    expect(load).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        exitCode: 78,
        advice: 'Correct the environment; docs/configuration.md describes every setting.',
        message: [
          '6 settings cannot be used:',
          '  PORT must be a whole number from 0 to 65535; it is "x"',
          '  REDIS_URL must be unset: it is not supported yet',
          '  HOLD_TTL_MS must be less than ACTIVE_TTL_MS: a turn would end before its hold',
          '  JWT_JWKS_URL must be set when IDENTITY is jwt',
          '  JWT_ISSUER must be set when IDENTITY is jwt',
          '  JWT_AUDIENCE must be set when IDENTITY is jwt',
        ].join('\n'),
      }),
    );
  });

  test('a long value is shortened', () => {
    const [problem] = problemsOf({ LOG_LEVEL: 'x'.repeat(10_000) });
    expect(problem?.length).toBeLessThan(200);
  });
});

test('the configuration holds no secret', () => {
  const secret = { DATABASE_URL: 'postgresql://u:pa55word@db/f', OPERATOR_TOKEN: 'o'.repeat(40) };
  const { config } = loadConfig({ ...secret, SIGNING_KEYS: `k1:${secretText}` });
  const printed = JSON.stringify(config);
  for (const text of [...Object.values(secret), 'pa55word', secretText]) expect(printed).not.toContain(text);
});
