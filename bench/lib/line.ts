/** Long lines, written as a whole: joining is another part's business. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseSigningKeys } from '../../server/src/config/secrets.ts';
import { systemClock } from '../../server/src/platform/clock.ts';
import { derivedUuid } from '../../server/src/platform/identifiers.ts';
import { createTokenSigner } from '../../server/src/platform/signed-token.ts';
import { SIGNING_KEYS, type Stage } from './stage.ts';

const DAY_SECONDS = 86_400;
const CHUNK = 1_000;

export interface FormedLine {
  readonly room: string;
  readonly people: number;
  /** The file to which everybody's queue token is written, in the order of the line. */
  readonly tokens: string;
}

/** Puts so many people at the end of the room's line. Gives the number of the first of them. */
export async function formLine(
  stage: Stage,
  database: string,
  { room, people, tokens }: FormedLine,
): Promise<number> {
  const [row] = await stage.query<{ last: number }>(
    database,
    `with placed as (
       insert into waiting_room.token (room, number, epoch, user_id)
       select room, last_number + n, 1, gen_random_uuid()
       from waiting_room.room, generate_series(1, $2::int) n where room = $1
       returning number
     )
     update waiting_room.room
     set last_number = last_number + $2, waiting = waiting + (select count(*) from placed)::int
     where room = $1 returning last_number::int as last`,
    [room, people],
  );
  if (row === undefined) throw new Error(`there is no room ${room}`);
  await stage.query(database, 'vacuum analyze waiting_room.token');
  await stage.query(database, 'checkpoint');
  const first = row.last - people + 1;
  await pipeline(Readable.from(linesOf(room, first, row.last)), createWriteStream(tokens));
  return first;
}

function* linesOf(room: string, first: number, last: number): Iterable<string> {
  const sign = placeSigner(room);
  for (let from = first; from <= last; from += CHUNK) {
    const numbers = Array.from({ length: Math.min(CHUNK, last - from + 1) }, (_, index) => from + index);
    yield numbers.map((number) => `${sign(number)}\n`).join('');
  }
}

/** Gives the queue token of whoever has a number in that room. */
export function placeSigner(room: string): (number: number) => string {
  const signer = createTokenSigner(parseSigningKeys([SIGNING_KEYS]), systemClock);
  return (number) => {
    const exp = Math.floor(systemClock.wallMs() / 1_000) + DAY_SECONDS;
    return signer.sign('queue', {
      sub: derivedUuid('bench', String(number)),
      room,
      epoch: 1,
      n: number,
      exp,
    });
  };
}
