/** How the service knows who has an account. One of three, by IDENTITY. */
import type { FastifyRequest } from 'fastify';
import type { App } from '../route.ts';

export interface Accounts {
  /** The user that the request is from, as a lower-case UUID. Throws a `Refused` for nobody. */
  userOf(request: FastifyRequest): string | Promise<string>;
  /** The user that the request names apart from its bearer token, where this identity has such a place. */
  userBesideToken?(request: FastifyRequest): string | undefined;
  /** How the API document describes it. */
  readonly scheme: SecurityScheme;
  /** Its own routes, if it has any. */
  readonly routes?: (app: App) => void;
}

export type SecurityScheme =
  | { readonly type: 'http'; readonly scheme: 'bearer'; readonly description: string }
  | { readonly type: 'apiKey'; readonly in: 'header'; readonly name: string; readonly description: string };

export const ACCOUNT_PROBLEMS = { missing: 'account.required', invalid: 'account.token-invalid' } as const;
