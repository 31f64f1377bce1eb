/**
 * Finds COMMIT in what a client sends to PostgreSQL, in whatever pieces it comes. It knows the frames of the protocol and
 * the two messages that carry a statement's text, nothing more.
 *
 * https://www.postgresql.org/docs/18/protocol-message-formats.html: the first message has no type byte; all others are a
 * byte for the type, four for the length (itself counted), and the payload.
 */

const QUERY = 0x51; // 'Q': the text
const PARSE = 0x50; // 'P': a name, then the text
const LENGTH_BYTES = 4;
/** A COMMIT is short; of longer texts the beginning is enough to know that they are none. */
const PAYLOAD_KEPT_MAX = 64;

export interface CommitScanner {
  /** How many COMMITs were complete with these bytes. */
  push(bytes: Uint8Array): number;
}

export function createCommitScanner(): CommitScanner {
  let isFirst = true;
  let header: number[] = [];
  let payload: number[] = [];
  let missing = 0; // bytes of the payload that are still to come
  let type = 0;
  let inPayload = false;

  const ends = (): boolean => {
    inPayload = false;
    const isCommit = (type === QUERY || type === PARSE) && isCommitText(type, Buffer.from(payload));
    header = [];
    payload = [];
    return isCommit;
  };

  return {
    push(bytes) {
      let commits = 0;
      let at = 0;
      while (at < bytes.length) {
        if (!inPayload) {
          header.push(bytes[at++] ?? 0);
          const typeBytes = isFirst ? 0 : 1;
          if (header.length < typeBytes + LENGTH_BYTES) continue;
          type = isFirst ? 0 : (header[0] ?? 0);
          missing = Buffer.from(header).readInt32BE(typeBytes) - LENGTH_BYTES;
          isFirst = false;
          inPayload = true;
        } else {
          const taken = Math.min(missing, bytes.length - at);
          const kept = Math.min(taken, PAYLOAD_KEPT_MAX - payload.length);
          for (let index = at; index < at + kept; index++) payload.push(bytes[index] ?? 0);
          at += taken;
          missing -= taken;
        }
        if (missing <= 0 && inPayload && ends()) commits += 1;
      }
      return commits;
    },
  };
}

function isCommitText(type: number, payload: Buffer): boolean {
  const [first = '', second = ''] = payload.toString('latin1').split('\0');
  return /^\s*commit\s*;?\s*$/i.test(type === QUERY ? first : second);
}
