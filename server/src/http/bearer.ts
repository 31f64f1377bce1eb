import type { FastifyRequest } from 'fastify';
import type { ProblemCode } from '#contract/problems.ts';
import { headerValues, Refused } from './route.ts';

/** As long as a header may be, so that only its form is judged here. */
const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;

export interface BearerProblems {
  readonly missing: ProblemCode;
  readonly invalid: ProblemCode;
}

/**
 * The token of the request's one Authorization header. Two headers are none: a proxy in front may have
 * looked at the other one. Tokens are never read from anywhere else.
 */
export function bearerOf(request: FastifyRequest, problems: BearerProblems): string {
  const given = headerValues(request, 'authorization');
  if (given.length === 0) throw new Refused(problems.missing);
  const token = given.length === 1 ? BEARER.exec(given[0] ?? '')?.[1] : undefined;
  if (token === undefined) throw new Refused(problems.invalid);
  return token;
}
