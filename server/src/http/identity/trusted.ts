/** A gateway in front has settled who it is, and says so in a header that it takes from nobody else. */
import { isUuid } from '#contract/ids.ts';
import type { FastifyRequest } from 'fastify';
import { headerValues, Refused } from '../route.ts';
import type { Accounts } from './accounts.ts';

/** The header's name is given in lower case. */
export function createTrustedAccounts(userHeader: string): Accounts {
  function namedBy(request: FastifyRequest): string | undefined {
    const given = headerValues(request, userHeader);
    if (given.length === 0) return undefined;
    const userId = given.length === 1 ? given[0]?.toLowerCase() : undefined;
    if (!isUuid(userId)) throw new Refused('account.token-invalid');
    return userId;
  }

  return {
    userOf: (request) => {
      const userId = namedBy(request);
      if (userId === undefined) throw new Refused('account.required');
      return userId;
    },
    userBesideToken: namedBy,
    scheme: { type: 'apiKey', in: 'header', name: userHeader, description: 'Set by the gateway: a UUID.' },
  };
}
