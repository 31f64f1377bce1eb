import type { TokenSigner } from '../../platform/signed-token.ts';
import type { Accounts } from './accounts.ts';
import { createGuestAccounts } from './builtin.ts';
import { createJwtAccounts, type JwtOptions } from './jwt.ts';
import { createTrustedAccounts } from './trusted.ts';

export type { Accounts } from './accounts.ts';

/** As IDENTITY says. */
type Identity =
  | { readonly kind: 'builtin' }
  | ({ readonly kind: 'jwt' } & JwtOptions)
  | { readonly kind: 'trusted'; readonly userHeader: string };

export function createAccounts(identity: Identity, signer: TokenSigner): Accounts {
  switch (identity.kind) {
    case 'builtin':
      return createGuestAccounts(signer);
    case 'jwt':
      return createJwtAccounts(identity);
    case 'trusted':
      return createTrustedAccounts(identity.userHeader);
  }
}
