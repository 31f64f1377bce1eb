/**
 * Bounds that are part of the design. What a deployment decides is in config/settings.ts; what a client must
 * know (the most seats of a hold, the most won of a charge) is in the schemas of contract/.
 *
 * Everything has a bound: beyond it the answer is a quick refusal, never a slow one.
 */
const KIB = 1024;
const SECOND_MS = 1000;

export const limits = {
  http: {
    /** The largest request that makes sense, a venue's layout apart, is under 1 KiB. */
    bodyBytesMax: 16 * KIB,
    /** A queue token, an access token and a proxy's headers fit well within. */
    headerBytesMax: 16 * KIB,
    /** An Idempotency-Key is a UUID; the standard's draft allows any text. */
    idempotencyKeyLengthMax: 255,
    /** Query and path values: ids, a month, a search. */
    parameterLengthMax: 200,
    /** A client that sends its headers drop by drop. */
    headersTimeoutMs: 10 * SECOND_MS,
    /** … or its body. Answers are not bounded by this one. */
    requestTimeoutMs: 15 * SECOND_MS,
    /** Longer than the idle time-out of usual load balancers (60 s), so that they close first, not we. */
    keepAliveTimeoutMs: 72 * SECOND_MS,
    /** How often Node looks for connections that are past those times. */
    connectionsCheckingIntervalMs: 5 * SECOND_MS,
    /** Requests of one connection, so that a balancer's connections move over to new instances. */
    requestsPerConnectionMax: 10_000,
    /** A connection that moves no byte, in either direction, while a request is under way. */
    connectionTimeoutMs: 80 * SECOND_MS,
    /** From the headers to the answer; a statement may take 5 s, a batch in front of it another. */
    handlerTimeoutMs: 10 * SECOND_MS,
    /** Levels of objects and arrays in a body. */
    jsonDepthMax: 16,
    /** While the event loop is later than this, new requests are refused, so that those within get done. */
    eventLoopDelayMsMax: 500,
    /** Answers that take longer are logged. */
    slowAnswerMs: SECOND_MS,
    /** What a readiness check may take, and how long its result is good for. */
    readyCheckMs: 500,
    /** Open connections of one instance; above it new ones are closed at once. */
    connectionsMax: 50_000,
    /** What a client is told to wait when we are over a bound, at least; spread over this and the next two. */
    retryAfterSeconds: 1,
  },
  batch: {
    /** Larger sets gain nothing more: by 512 the fsync is shared by so many that the rows dominate. */
    requestsMax: 512,
    /** At 20,000 a second, a second of work: whoever comes later would wait longer than is bearable. */
    waitingMax: 20_000,
  },
  /**
   * How long a request for something that a reaction is about to create waits before it is "not found".
   * Reactions follow within milliseconds; this covers a busy moment.
   */
  reactionWaitMs: 1_000,
  seats: {
    /** A public figure, asked for by everybody who looks at a concert: counted anew at most this often. */
    remaining: { freshMs: 1_000, keysMax: 20, rememberedMax: 10_000 },
    /** What people choose from; a hold decides on the rows all the same. Lists are long, so few are kept. */
    available: { freshMs: 250, keysMax: 4, rememberedMax: 50 },
  },
} as const;
