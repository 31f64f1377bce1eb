/**
 * Every setting there is. This table reads the environment, words the refusals, and is what
 * docs/configuration.md and .env.example are generated from (`npm run write-docs`).
 *
 * Here is what a deployment decides. Bounds that are part of the design are in limits.ts.
 */
import Type from 'typebox';
import { optionalSetting, setting } from './setting.ts';

export const ROLES = ['api', 'waiting-room', 'seats', 'reservations', 'payments'] as const;
export type Role = (typeof ROLES)[number];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Groups in the order of the documentation. */
export const GROUPS = {
  service: 'The service',
  data: 'Data',
  identity: 'Who the caller is',
  keys: 'Keys',
  sale: 'Holds',
  queue: 'The line',
  audit: 'The auditor',
  output: 'Log and output',
  reserved: 'Reserved',
} as const satisfies Record<string, string>;

const integer = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const matching = (pattern: string) => Type.String({ pattern, maxLength: 2_000 });

export const settings = {
  PORT: setting(integer(0, 65_535), {
    group: GROUPS.service,
    default: 3000,
    description: 'The TCP port to listen on. 0 takes any free port and prints it.',
  }),
  HOST: setting(matching('^[0-9A-Za-z.:-]+$'), {
    group: GROUPS.service,
    default: '127.0.0.1',
    mustBe: 'an address or a host name',
    description:
      'The address to listen on, or a name: all of its addresses. The default is reached from this machine only; `0.0.0.0` is every network.',
  }),
  TRUST_PROXY_HOPS: setting(integer(0, 10), {
    group: GROUPS.service,
    default: 0,
    unit: 'proxies',
    description: 'How many proxies stand in front. Their `X-Forwarded-For` entries are believed, no others.',
  }),
  SHUTDOWN_GRACE_MS: setting(integer(0, 10 * MINUTE), {
    group: GROUPS.service,
    default: 10 * SECOND,
    unit: 'ms',
    description: 'How long requests that are under way may take to finish after SIGTERM.',
  }),
  ROLES: setting(Type.Array(Type.Enum(['all', ...ROLES]), { minItems: 1, uniqueItems: true }), {
    group: GROUPS.service,
    default: ['all'],
    mustBe: `all, or some of ${ROLES.join(', ')}, with commas between and none twice`,
    usable: (roles) => roles.length === 1 || !roles.includes('all'),
    description:
      'Which parts this process runs. Over all processes of one database each part must run somewhere.',
  }),

  DATA_DIR: setting(matching('^[^\\x00]+$'), {
    group: GROUPS.data,
    default: './.data',
    mustBe: 'a directory',
    description: 'Where the embedded PostgreSQL, and keys that were not given, are kept.',
  }),
  DATABASE_URL: optionalSetting(matching('^postgres(?:ql)?://'), {
    group: GROUPS.data,
    secret: true,
    mustBe: 'a URL such as postgresql://user:password@host:5432/database',
    usable: (url) => URL.canParse(url),
    description:
      'Your PostgreSQL, 15 or newer. Unset: the service starts a PostgreSQL of its own in `DATA_DIR`.',
  }),
  DATABASE_POOL_MAX: setting(integer(4, 500), {
    group: GROUPS.data,
    default: 24,
    unit: 'connections',
    description:
      'How many connections one process opens at most. Times the number of processes it must stay below `max_connections`. A crowd that reads the catalogue takes up to 12 of them: with fewer than 16 it can hold up sales.',
  }),
  DEMO_CATALOGUE: setting(Type.Enum(['auto', 'off']), {
    group: GROUPS.data,
    default: 'auto',
    description: '`auto` loads the demo concerts into an empty database; `off` leaves it empty.',
  }),

  IDENTITY: setting(Type.Enum(['builtin', 'jwt', 'trusted']), {
    group: GROUPS.identity,
    default: 'builtin',
    description:
      '`builtin`: guest accounts that the service makes. `jwt`: access tokens of your issuer. `trusted`: a gateway in front names the user in a header.',
  }),
  JWT_JWKS_URL: optionalSetting(matching('^https?://'), {
    group: GROUPS.identity,
    mustBe: 'an https URL (http only for localhost)',
    usable: isSafeKeySource,
    description: 'Where the public keys of the issuer are. Required with `IDENTITY=jwt`.',
  }),
  JWT_ISSUER: optionalSetting(matching('^\\S+$'), {
    group: GROUPS.identity,
    mustBe: 'the issuer, without spaces',
    description: 'The `iss` that access tokens must have. Required with `IDENTITY=jwt`.',
  }),
  JWT_AUDIENCE: optionalSetting(matching('^\\S+$'), {
    group: GROUPS.identity,
    mustBe: 'the audience, without spaces',
    description: 'The `aud` that access tokens must have. Required with `IDENTITY=jwt`.',
  }),
  TRUSTED_USER_HEADER: setting(matching("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$"), {
    group: GROUPS.identity,
    default: 'x-user-id',
    mustBe: 'the name of a header',
    description:
      'With `IDENTITY=trusted`, the header with the UUID of the user. The gateway must remove it from what clients send.',
  }),

  SIGNING_KEYS: optionalSetting(
    Type.Array(matching('^[0-9A-Za-z_-]{1,32}:[0-9A-Za-z_-]{43,}$'), { minItems: 1 }),
    {
      group: GROUPS.keys,
      secret: true,
      mustBe:
        'a list of name:secret with commas between, each name once, each secret base64url of 32 bytes or more',
      usable: (keys) => new Set(keys.map((key) => key.split(':')[0])).size === keys.length,
      description:
        'Keys of queue tokens, access tokens and tickets. The first signs, all verify. Unset: made at the first start and kept in `DATA_DIR`. Several processes need the same keys.',
    },
  ),
  OPERATOR_TOKEN: optionalSetting(matching('^[0-9A-Za-z._~+/-]{32,}=*$'), {
    group: GROUPS.keys,
    secret: true,
    mustBe: 'at least 32 characters out of letters, digits and . _ ~ + / -',
    description:
      'The bearer token of `/api/v1/admin`. Unset: made at the first start, printed once and kept in `DATA_DIR`.',
  }),

  HOLD_TTL_MS: setting(integer(SECOND, HOUR), {
    group: GROUPS.sale,
    default: 5 * MINUTE,
    unit: 'ms',
    description: 'How long seats are held for payment. Must be less than `ACTIVE_TTL_MS`.',
  }),

  QUEUE_RATE_COUNT: setting(integer(1, 1_000_000), {
    group: GROUPS.queue,
    default: 50,
    unit: 'people',
    description: 'How many people a new room lets in per `QUEUE_RATE_WINDOW_MS`.',
  }),
  QUEUE_RATE_WINDOW_MS: setting(integer(100, HOUR), {
    group: GROUPS.queue,
    default: 30 * SECOND,
    unit: 'ms',
    description: 'The window of `QUEUE_RATE_COUNT`.',
  }),
  QUEUE_CAPACITY: setting(integer(1, 10_000_000), {
    group: GROUPS.queue,
    default: 1000,
    unit: 'people',
    description: 'How many people may be in a new room at the same time, past the line.',
  }),
  ACTIVE_TTL_MS: setting(integer(2 * SECOND, 24 * HOUR), {
    group: GROUPS.queue,
    default: 10 * MINUTE,
    unit: 'ms',
    description: 'How long a turn lasts once it was taken up.',
  }),

  CLAIM_WINDOW_MS: setting(integer(SECOND, HOUR), {
    group: GROUPS.queue,
    default: 2 * MINUTE,
    unit: 'ms',
    description:
      'How long somebody who was let in may stay away before the turn goes to the next one; never longer than `ACTIVE_TTL_MS`.',
  }),

  AUDIT_INTERVAL_MS: setting(integer(0, 24 * HOUR), {
    group: GROUPS.audit,
    default: MINUTE,
    unit: 'ms',
    usable: (ms) => ms === 0 || ms >= SECOND,
    mustBe: '0, or 1000 to 86400000',
    description:
      'From the end of an audit to the next one, over all processes with the role `api`; at least 20 times as long as it took. 0: only when an operator asks.',
  }),

  LOG_RETENTION_MS: setting(integer(MINUTE, 90 * 24 * HOUR), {
    group: GROUPS.output,
    default: 24 * HOUR,
    unit: 'ms',
    description: 'How long events stay in the log after every reader has passed them.',
  }),
  LOG_LEVEL: setting(Type.Enum([...LOG_LEVELS]), {
    group: GROUPS.output,
    default: 'info',
    description: 'The least important lines that are printed.',
  }),

  // Named here so that setting one is refused in words, and not silently without effect.
  REDIS_URL: reserved('The line in Redis or Valkey.'),
  NATS_URL: reserved('Events between processes over NATS JetStream.'),
};

export type SettingName = keyof typeof settings;

function reserved(description: string) {
  return optionalSetting(Type.String(), {
    group: GROUPS.reserved,
    secret: true,
    mustBe: 'unset: it is not supported yet',
    usable: () => false,
    description: `${description} Not supported yet: the service refuses to start when it is set.`,
  });
}

/** Whoever can change what this URL answers can be anybody. */
function isSafeKeySource(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
