/**
 * Everything that the API can refuse. The one registry: use cases name a key, HTTP turns it into
 * RFC 9457 problem+json, docs/errors.md is generated from it and tested against it both ways.
 *
 * `next` tells the caller what to do; it is part of every answer.
 */
interface ProblemEntry {
  readonly status: number;
  readonly title: string;
  readonly next: string;
}

export const problems = {
  // the request itself
  'request.invalid': {
    status: 400,
    title: 'The request does not match the schema',
    next: 'Correct the fields named in `errors`; GET /api/v1/openapi.json has the schema.',
  },
  'request.body-too-large': {
    status: 413,
    title: 'The body is too large',
    next: 'Send a body within the limit; no request of this API needs more.',
  },
  'request.unsupported-media-type': {
    status: 415,
    title: 'The body is not JSON',
    next: 'Send `Content-Type: application/json` with a UTF-8 body.',
  },
  'route.not-found': {
    status: 404,
    title: 'There is no such route',
    next: 'GET /api/v1/openapi.json lists the routes.',
  },
  'route.method-not-allowed': {
    status: 405,
    title: 'The route does not take this method',
    next: 'Use a method named in the Allow header.',
  },
  'idempotency.key-missing': {
    status: 400,
    title: 'This request needs an Idempotency-Key',
    next: 'Make a fresh key (a UUID), keep it, and send it with every try of this one action.',
  },
  'idempotency.key-invalid': {
    status: 400,
    title: 'The Idempotency-Key is not usable',
    next: 'Send exactly one Idempotency-Key header of 1 to 255 visible ASCII characters.',
  },
  'idempotency.key-reused': {
    status: 422,
    title: 'The Idempotency-Key was used for a different request',
    next: 'Use a fresh key for a new action; repeat an old action with its very same body.',
  },
  // identity
  'account.required': {
    status: 401,
    title: 'This request needs an account',
    next: 'Send `Authorization: Bearer` with the access token (POST /api/v1/guests gives one).',
  },
  'account.token-invalid': {
    status: 401,
    title: 'The access token is not valid',
    next: 'Get a new access token.',
  },
  'operator.required': {
    status: 401,
    title: 'This request needs the operator token',
    next: 'Send `Authorization: Bearer` with the operator token.',
  },
  // the line
  'queue.token-required': {
    status: 401,
    title: 'This request needs a queue token',
    next: 'Join the line with POST /api/v1/queue/tokens and send its token as `Authorization: Bearer`.',
  },
  'queue.token-invalid': {
    status: 401,
    title: 'The queue token is not valid',
    next: 'Join the line again with POST /api/v1/queue/tokens.',
  },
  'queue.token-foreign': {
    status: 403,
    title: 'The queue token belongs to somebody else or to another room',
    next: 'Use the token that you were given for the room of this performance.',
  },
  'queue.not-admitted': {
    status: 403,
    title: 'It is not your turn yet',
    next: 'Ask GET /api/v1/queue/tokens/me where you stand, no sooner than it says.',
  },
  'queue.turn-over': {
    status: 403,
    title: 'This turn is over',
    next: 'It was spent on a purchase, timed out or was given up. Join the line again for another one.',
  },
  'queue.turn-ending': {
    status: 409,
    title: 'Your turn has just run out and is about to end',
    next: 'Join again after `retryAfterMs`: for another place, or for this turn if a hold of the last moment keeps it.',
  },
  'queue.room-closed': {
    status: 409,
    title: 'The waiting room takes nobody in',
    next: 'Look at GET /api/v1/queue/rooms/{room}; the organiser has closed it.',
  },
  'queue.room-not-open': {
    status: 409,
    title: 'The waiting room is not open yet',
    next: 'Join at `opensAt`. Nobody gets a place before, and whoever joins in the same moment is as early as you.',
  },
  'queue.room-not-found': {
    status: 404,
    title: 'There is no such waiting room',
    next: 'The room of a performance is part of its description.',
  },
  // the catalogue
  'concert.not-found': {
    status: 404,
    title: 'There is no such concert',
    next: 'GET /api/v1/concerts lists them.',
  },
  'performance.not-found': {
    status: 404,
    title: 'There is no such performance',
    next: 'GET /api/v1/concerts/{id}/performances lists the dates of a concert.',
  },
  'layout.not-found': {
    status: 404,
    title: 'There is no such layout',
    next: 'GET /api/v1/admin/venues lists the layouts.',
  },
  'layout.price-mismatch': {
    status: 422,
    title: 'The prices do not fit the layout',
    next: 'Give exactly one price for each section of the layout.',
  },
  'performance.date-invalid': {
    status: 422,
    title: 'The dates of the performance do not fit together',
    next: 'The sale opens before it closes, and closes no later than the performance starts.',
  },
  // seats
  'seats.taken': {
    status: 409,
    title: 'At least one of the seats is taken',
    next: 'Choose others; `seats` names the taken ones. None of the seats was held.',
  },
  'seats.not-found': {
    status: 404,
    title: 'At least one of the seats does not exist',
    next: 'The layout of the performance tells which seats there are; `seats` names the unknown ones.',
  },
  'seats.limit-reached': {
    status: 403,
    title: 'That would be more seats than one person may have',
    next: 'Give seats back or choose fewer; `limit` says how many one person may have of this performance.',
  },
  'sale.not-open': {
    status: 409,
    title: 'The sale is not open',
    next: 'Come back between `opensAt` and `closesAt`.',
  },
  // reservations
  'reservation.not-found': {
    status: 404,
    title: 'There is no such reservation',
    next: 'GET /api/v1/reservations lists yours.',
  },
  'reservation.not-held': {
    status: 409,
    title: 'The reservation is not held any more',
    next: 'Only a held reservation can be given back; `reservationStatus` says what became of it.',
  },
  // money
  'payment.not-found': {
    status: 404,
    title: 'There is no such payment',
    next: 'GET /api/v1/payments lists yours.',
  },
  'payment.already-paid': {
    status: 409,
    title: 'The reservation is paid already',
    next: 'Nothing was taken a second time; `paymentId` names the payment.',
  },
  'payment.lapsed': {
    status: 409,
    title: 'The time to pay is over',
    next: 'The seats come free within seconds. Hold seats anew.',
  },
  'payment.closed': {
    status: 409,
    title: 'There is nothing to pay any more',
    next: 'The reservation was given back, refused or refunded; `paymentStatus` says which.',
  },
  'wallet.insufficient': {
    status: 402,
    title: 'The balance is too low',
    next: 'Charge at least `shortfall` won with POST /api/v1/wallet/charges, then pay again.',
  },
  'wallet.limit-reached': {
    status: 409,
    title: 'The wallet cannot hold that much',
    next: 'Charge less; `limit` is the most that a wallet may hold.',
  },
  // tickets and the operator's desk
  'ticket.invalid': {
    status: 422,
    title: 'The ticket is not valid',
    next: 'Do not let the holder in on this code.',
  },
  'parked-event.not-found': {
    status: 404,
    title: 'There is no such parked event',
    next: 'GET /api/v1/admin/parked-events lists them.',
  },
  'audit.not-found': {
    status: 404,
    title: 'There is no such audit',
    next: 'GET /api/v1/admin/audits lists those that are kept.',
  },
  'stream.too-many': {
    status: 429,
    title: 'This account has too many open streams',
    next: 'Close one of them, or ask again and again instead: no sooner than each answer says.',
  },
  // the service
  'service.overloaded': {
    status: 503,
    title: 'Too many requests are waiting',
    next: 'Try again after `Retry-After` seconds, with the same Idempotency-Key.',
  },
  'service.unavailable': {
    status: 503,
    title: 'A part that this request needs does not answer',
    next: 'The outcome is unknown. Try again after `Retry-After` seconds, with the same Idempotency-Key.',
  },
  'service.shutting-down': {
    status: 503,
    title: 'This instance is shutting down',
    next: 'Try again at once; another instance will answer.',
  },
  'service.timeout': {
    status: 503,
    title: 'The answer took too long',
    next: 'The outcome is unknown. Try again with the same Idempotency-Key.',
  },
  'service.bug': {
    status: 500,
    title: 'Something is wrong on our side',
    next: 'The outcome may be unknown: the very same request with the same Idempotency-Key tells. Report the `requestId`.',
  },
} as const satisfies Record<string, ProblemEntry>;

export type ProblemCode = keyof typeof problems;

/** What a use case answers instead of doing what was asked. `extra` goes into the problem's body as it is. */
export interface Refusal {
  readonly outcome: 'refused';
  readonly problem: ProblemCode;
  readonly extra?: Readonly<Record<string, unknown>>;
}

export function refused(problem: ProblemCode, extra?: Readonly<Record<string, unknown>>): Refusal {
  return extra === undefined ? { outcome: 'refused', problem } : { outcome: 'refused', problem, extra };
}

/** What is wrong with one part of a request; the items of `errors` in a `request.invalid`. */
export interface FieldError {
  readonly in: 'body' | 'query' | 'params' | 'headers' | 'url';
  /** JSON Pointer within it. */
  readonly path: string;
  readonly message: string;
}

export function invalid(...errors: readonly FieldError[]): Refusal {
  return refused('request.invalid', { errors });
}
