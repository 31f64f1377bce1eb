/** What the settings mean, nested by what uses them. It holds no secret, so it may be printed. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { type Environment, type ReadEnvironment, readEnvironment, type SettingValues } from './env.ts';
import { parseSigningKeys, type Secrets } from './secrets.ts';
import { type Role, ROLES, type SettingName } from './settings.ts';

export interface Config {
  readonly http: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    readonly trustProxyHops: number;
    readonly shutdownGraceMs: number;
  };
  /** Absolute. */
  readonly dataDir: string;
  readonly database: {
    /** external: `DATABASE_URL` is set, and in the secrets because it has a password. */
    readonly kind: 'embedded' | 'external';
    readonly poolMax: number;
  };
  readonly roles: ReadonlySet<Role>;
  readonly identity: Identity;
  readonly hold: { readonly ttlMs: number };
  /** The policy that a new room starts with. */
  readonly queue: {
    readonly rateCount: number;
    readonly rateWindowMs: number;
    readonly capacity: number;
    readonly activeTtlMs: number;
    readonly claimWindowMs: number;
  };
  /** Infinite: only when somebody asks. */
  readonly audit: { readonly intervalMs: number };
  readonly log: { readonly level: SettingValues['LOG_LEVEL']; readonly retentionMs: number };
  readonly demoCatalogue: 'auto' | 'off';
}

export type Identity =
  | { readonly kind: 'builtin' }
  | { readonly kind: 'jwt'; readonly jwksUrl: string; readonly issuer: string; readonly audience: string }
  | { readonly kind: 'trusted'; readonly userHeader: string };

/** Throws a `ConfigError` that names every problem at once. */
export function loadConfig(env: Environment): { config: Config; secrets: Secrets } {
  const read = readEnvironment(env);
  const problems = [...read.problems, ...conflicts(read)];
  if (problems.length > 0) throw new ConfigError(problems);
  return { config: toConfig(read.values), secrets: toSecrets(read.values) };
}

interface Agreement {
  readonly between: readonly SettingName[];
  readonly broken: (values: SettingValues) => boolean;
  readonly problem: string;
}

const jwtSettings = ['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'] as const;

/** What settings must agree on among each other. */
const agreements: readonly Agreement[] = [
  {
    between: ['HOLD_TTL_MS', 'ACTIVE_TTL_MS'],
    broken: (values) => values.HOLD_TTL_MS >= values.ACTIVE_TTL_MS,
    problem: 'HOLD_TTL_MS must be less than ACTIVE_TTL_MS: a turn would end before its hold',
  },
  ...jwtSettings.map((name) => ({
    between: ['IDENTITY', name] as const,
    broken: (values: SettingValues) => values.IDENTITY === 'jwt' && values[name] === null,
    problem: `${name} must be set when IDENTITY is jwt`,
  })),
  ...jwtSettings.map((name) => ({
    between: ['IDENTITY', name] as const,
    broken: (values: SettingValues) => values.IDENTITY !== 'jwt' && values[name] !== null,
    problem: `${name} must be unset unless IDENTITY is jwt: nothing would verify such tokens`,
  })),
];

/** A setting that could not be read at all has its own problem already, and no opinion here. */
function conflicts({ values, unusable }: ReadEnvironment): string[] {
  return agreements
    .filter(({ between, broken }) => between.every((name) => !unusable.has(name)) && broken(values))
    .map(({ problem }) => problem);
}

function toConfig(values: SettingValues): Config {
  return {
    http: {
      host: values.HOST,
      port: values.PORT,
      trustProxyHops: values.TRUST_PROXY_HOPS,
      shutdownGraceMs: values.SHUTDOWN_GRACE_MS,
    },
    dataDir: resolve(values.DATA_DIR),
    database: {
      kind: values.DATABASE_URL === null ? 'embedded' : 'external',
      poolMax: values.DATABASE_POOL_MAX,
    },
    roles: new Set(ROLES.filter((role) => values.ROLES.includes('all') || values.ROLES.includes(role))),
    identity: toIdentity(values),
    hold: { ttlMs: values.HOLD_TTL_MS },
    queue: {
      rateCount: values.QUEUE_RATE_COUNT,
      rateWindowMs: values.QUEUE_RATE_WINDOW_MS,
      capacity: values.QUEUE_CAPACITY,
      activeTtlMs: values.ACTIVE_TTL_MS,
      // Not to come must not give a longer turn than to come.
      claimWindowMs: Math.min(values.CLAIM_WINDOW_MS, values.ACTIVE_TTL_MS),
    },
    audit: { intervalMs: values.AUDIT_INTERVAL_MS || Number.POSITIVE_INFINITY },
    log: { level: values.LOG_LEVEL, retentionMs: values.LOG_RETENTION_MS },
    demoCatalogue: values.DEMO_CATALOGUE,
  };
}

function toIdentity(values: SettingValues): Identity {
  const { IDENTITY, JWT_JWKS_URL, JWT_ISSUER, JWT_AUDIENCE, TRUSTED_USER_HEADER } = values;
  switch (IDENTITY) {
    case 'builtin':
      return { kind: 'builtin' };
    case 'jwt':
      assert(JWT_JWKS_URL !== null && JWT_ISSUER !== null && JWT_AUDIENCE !== null, 'the agreements say so');
      return { kind: 'jwt', jwksUrl: JWT_JWKS_URL, issuer: JWT_ISSUER, audience: JWT_AUDIENCE };
    case 'trusted':
      return { kind: 'trusted', userHeader: TRUSTED_USER_HEADER.toLowerCase() };
  }
}

function toSecrets(values: SettingValues): Secrets {
  return {
    databaseUrl: values.DATABASE_URL,
    signingKeys: values.SIGNING_KEYS === null ? null : parseSigningKeys(values.SIGNING_KEYS),
    operatorToken: values.OPERATOR_TOKEN,
  };
}
