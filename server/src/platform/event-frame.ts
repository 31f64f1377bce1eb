/** Server-sent events as bytes (WHATWG HTML, 9.2), and where they go. One frame may go to any number of sinks. */

export interface ServerEvent {
  readonly event: string;
  /** What a client sends back as `Last-Event-ID` when it comes again. */
  readonly id?: string;
  readonly data: unknown;
}

/** A client that listens. Writing never waits: one that reads too slowly is cut by whoever owns the sink. */
export interface EventSink {
  send(frame: Buffer): void;
  /** After what was sent, the stream is over; the client may come again. */
  end(): void;
}

/** JSON has no raw line feeds, so the data is one line whatever it holds. */
export function eventFrame({ event, id, data }: ServerEvent): Buffer {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return Buffer.from(`event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`);
}
