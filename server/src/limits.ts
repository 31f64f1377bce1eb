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
    /** Connections that may wait at one listener while the event loop is busy: a crowd comes at once. The system may cut it (somaxconn). */
    backlogMax: 512,
    /** Sockets that listen on the port: each takes one connection in a turn of the event loop (http/listeners.ts). */
    listeners: 64,
    /** What a client is told to wait when we are over a bound, at least; spread over this and the next two. */
    retryAfterSeconds: 1,
  },
  /** Streams of server-sent events. */
  streams: {
    /** A tab or two and a telephone; with HTTP/1.1 a browser has six connections for everything. */
    perAccountMax: 3,
    countMax: 20_000,
    /** What a client has not read yet; a frame has some hundred bytes. */
    unsentBytesMax: 64 * KIB,
    /** Proxies cut what is silent for longer than 20 to 60 s. */
    silenceMsMax: 15 * SECOND_MS,
    /** ±20 %. So that streams move over to new instances, and dead clients are found. */
    lifetimeMs: 600 * SECOND_MS,
    /** How often those times are looked at, for all streams together. */
    sweepMs: SECOND_MS,
    /** When a client whose stream has ended comes again: spread, so that a crowd does not come together. */
    retryMsMin: 2 * SECOND_MS,
    retryMsMax: 10 * SECOND_MS,
  },
  batch: {
    /** While one batch is with the server the answers of the one before it are made, so a crowd must not fit into one. */
    undividedMax: 256,
    /** Larger sets gain nothing more: by then the fsync is shared by so many that the rows dominate. */
    batchMax: 512,
    /** At 20,000 a second, a second of work: whoever comes later would wait longer than is bearable. */
    waitingMax: 20_000,
  },
  /**
   * How long a request for something that a reaction is about to create waits before it is "not found".
   * Reactions follow within milliseconds; this covers a busy moment.
   */
  reactionWaitMs: 1_000,
  catalogue: {
    /**
     * Dropped at once on every change; the time is for what nobody foresaw. The weight is in prices, which are
     * nearly all there is: some 100 bytes each, so 20 MB. A reading is two statements: with the three below that is
     * 12 connections at the most, half of the usual pool, however many different things a crowd asks for.
     */
    concerts: { freshMs: 600 * SECOND_MS, weightMax: 200_000, readingsMax: 2, waitingMax: 1_000 },
    /** Also dropped on every change. A date that passes is shown that long as the next one. Weight: concerts. */
    pages: { freshMs: 10 * SECOND_MS, weightMax: 20_000, readingsMax: 4, waitingMax: 1_000 },
    /** Which concert a performance is of, and layouts by their sections: neither ever changes. */
    performances: {
      freshMs: Number.POSITIVE_INFINITY,
      weightMax: 100_000,
      readingsMax: 2,
      waitingMax: 1_000,
    },
    layouts: { freshMs: Number.POSITIVE_INFINITY, weightMax: 50_000, readingsMax: 2, waitingMax: 1_000 },
  },
  audit: {
    /** What waits for a service that runs is a violation after so long. Reactions follow within milliseconds. */
    patienceMs: 60 * SECOND_MS,
    /** What waits too long is looked at again after so long: right after an outage it may just be about to be done. */
    secondLookMs: 5 * SECOND_MS,
    /** For two million seats on a busy machine (bench/results/); a check that takes longer is given up, and named. */
    checkMsMax: 180 * SECOND_MS,
    /** A pass inside the service: several times what two million seats take (bench/results/). What it has not come to is named. */
    passMsMax: 300 * SECOND_MS,
    /** A pass that was asked for waits so long for the others to end. */
    waitMsMax: 600 * SECOND_MS,
    /** Between the row of a pass and its lock. */
    beginMsMax: 10 * SECOND_MS,
    /** A pass that has ended is written down within so long, or counts as left behind. */
    closeMsMax: 5 * SECOND_MS,
    /** After a pass the next one waits for at least so many times as long as it took: 5 % of one connection. */
    pauseFactor: 20,
    /** Passes that are kept, and as many of those that found something. */
    keptMax: 1_000,
  },
  seats: {
    boards: {
      /** What all boards weigh, in seats: 10 bytes each with all forms of the map, so 120 MB. */
      seatsMax: 12_000_000,
      /** Everybody who was ever granted a seat is remembered: 20 to 40 bytes. */
      buyerWeight: 3,
      /** What a board takes besides: the changes that it remembers. */
      boardWeight: 2_000,
      idleMs: 600 * SECOND_MS,
      /** Boards read by one statement, and performances whose board may wait for one. */
      loadsMax: 4,
      waitingMax: 2_000,
      /** A map is no older. What is streamed is at most that often, and looked for in between. */
      everyMs: 250,
      tickMs: 100,
      /** 16 s at the full pace: clients come back within 10 s. */
      rememberedMax: 64,
      /** Some 36 KB: a stream is cut when 64 KiB are unsent. */
      changesMax: 3_000,
    },
    /** Free seats of performances without a board, as lists tell them. */
    counts: {
      /** The log says what has changed; the time is for what nobody foresaw. Weight: prices, some 100 bytes each. */
      freshMs: 600 * SECOND_MS,
      weightMax: 100_000,
      /** How long a count is told that is not true any more. */
      changedMs: 5 * SECOND_MS,
      /** How long somebody waits for counts; for what is not there by then the last one is told. */
      waitMs: 2 * SECOND_MS,
      lastMax: 20_000,
      /** Counted by one statement, 0.5 s for stadiums; and how many may wait for it. */
      countsMax: 4,
      readingsMax: 1_000,
    },
    /** How often it is looked at whether the turns of those who listen are over. */
    turnCheckMs: 5 * SECOND_MS,
  },
} as const;
