/** Access tokens of an external issuer, verified against its published keys. */
import { isUuid } from '#contract/ids.ts';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { derivedUuid } from '../../platform/identifiers.ts';
import { bearerOf } from '../bearer.ts';
import { Refused } from '../route.ts';
import { ACCOUNT_PROBLEMS, type Accounts } from './accounts.ts';

export interface JwtOptions {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
}

/** Public-key algorithms only: with a shared-secret one, whoever knows the public key could sign. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
const CLOCK_TOLERANCE_SECONDS = 30;
const JWKS_TIMEOUT_MS = 2_000;
/** An unknown key id asks the issuer again, but not more often than this. */
const JWKS_COOLDOWN_MS = 10_000;
const JWKS_CACHE_MS = 10 * 60_000;

/** Wrong with the token. Anything else is wrong with us or with the issuer. */
const TOKEN_FAULTS = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
];

export function createJwtAccounts({ jwksUrl, issuer, audience }: JwtOptions): Accounts {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    cacheMaxAge: JWKS_CACHE_MS,
  });

  async function subjectOf(token: string): Promise<string> {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['sub', 'exp'],
      });
      return payload.sub ?? '';
    } catch (error) {
      if (TOKEN_FAULTS.some((fault) => error instanceof fault)) throw new Refused('account.token-invalid');
      throw new Refused('service.unavailable', undefined, { cause: error });
    }
  }

  return {
    userOf: async (request) => {
      const subject = await subjectOf(bearerOf(request, ACCOUNT_PROBLEMS));
      if (subject === '') throw new Refused('account.token-invalid');
      return isUuid(subject) ? subject : derivedUuid('jwt', issuer, subject);
    },
    scheme: { type: 'http', scheme: 'bearer', description: `An access token of ${issuer}.` },
  };
}
