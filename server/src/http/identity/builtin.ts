/** Guests: an account is a signed token. Making one and checking one costs no database work. */
import { GuestAnswer } from '#contract/http/account.ts';
import { isUuid } from '#contract/ids.ts';
import { newUuid } from '../../platform/identifiers.ts';
import type { TokenSigner } from '../../platform/signed-token.ts';
import { bearerOf } from '../bearer.ts';
import { type App, Refused } from '../route.ts';
import { ACCOUNT_PROBLEMS, type Accounts } from './accounts.ts';

const TOKEN_TYPE = 'account';

export function createGuestAccounts(signer: TokenSigner): Accounts {
  return {
    userOf: (request) => {
      const claims = signer.verify(TOKEN_TYPE, bearerOf(request, ACCOUNT_PROBLEMS));
      const userId = claims?.['sub'];
      if (!isUuid(userId)) throw new Refused('account.token-invalid');
      return userId;
    },
    scheme: { type: 'http', scheme: 'bearer', description: 'The `accessToken` of POST /api/v1/guests.' },
    routes: (app) => guestRoutes(app, signer),
  };
}

function guestRoutes(app: App, signer: TokenSigner): void {
  app.post(
    '/guests',
    {
      schema: {
        tags: ['account'],
        summary: 'A new guest account',
        description: 'Each call makes another guest. Nothing is stored until the guest does something.',
        security: [],
        response: { 201: GuestAnswer },
      },
    },
    async (_request, reply) => {
      const userId = newUuid();
      return reply.code(201).send({ userId, accessToken: signer.sign(TOKEN_TYPE, { sub: userId }) });
    },
  );
}
