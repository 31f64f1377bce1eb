/** Polls of a long line, each by somebody else, beside a bare Fastify that answers the same bytes. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LONG_LINE } from './joins.ts';
import { type Answer, sampleAnswer, startBare } from './lib/bare.ts';
import type { Measured, Side } from './lib/sides.ts';
import { type RunningService, SIGNING_KEYS, type Stage } from './lib/stage.ts';
import { runWrk } from './lib/wrk.ts';
import { parseSigningKeys } from '../server/src/config/secrets.ts';
import { systemClock } from '../server/src/platform/clock.ts';
import { derivedUuid } from '../server/src/platform/identifiers.ts';
import { createTokenSigner } from '../server/src/platform/signed-token.ts';

const PATH = '/api/v1/queue/tokens/me';
const WARM_UP_SECONDS = 3;
const DAY_SECONDS = 86_400;

interface Load {
  readonly people: number;
  readonly connections: number;
  readonly seconds: number;
}

/** Our polls and the reference, on one line that is made once: nobody writes to it but the service itself. */
export function pollSides(load: Load): readonly Side[] {
  let line: Promise<Line> | undefined;
  const theLine = (stage: Stage) => (line ??= formLine(stage, load.people));
  return [
    {
      name: `Frontrow, ${load.people.toLocaleString('en')} people in line`,
      run: async (stage) => {
        const { database, tokens } = await theLine(stage);
        await using service = await stage.startService(database, LONG_LINE);
        return await counted(stage, database, () => poll(service, tokens, load));
      },
    },
    {
      name: 'bare Fastify, the same bytes',
      run: async (stage) => {
        const { sample, tokens } = await theLine(stage);
        await using bare = await startBare(stage, sample);
        return await poll(bare, tokens, load);
      },
    },
  ];
}

async function poll({ host, port }: RunningService, tokens: string, load: Load): Promise<Measured> {
  const requests = { tokens, method: 'GET', path: PATH, again: true } as const;
  const { connections, seconds } = load;
  await runWrk({ host, port, connections, seconds: WARM_UP_SECONDS, requests });
  const { perSecond, latency } = await runWrk({ host, port, connections, seconds, requests });
  return { perSecond, latency };
}

interface Line {
  readonly database: string;
  /** The file with everybody's queue token, in the order of the line. */
  readonly tokens: string;
  /** What somebody in the middle is told. */
  readonly sample: Answer;
}

/** A room with that many people in line, written as a whole: joining is another part's business. */
async function formLine(stage: Stage, people: number): Promise<Line> {
  const database = await stage.freshDatabase();
  const tokens = join(stage.folder, 'line');
  await pipeline(Readable.from(linesOf(people)), createWriteStream(tokens));
  await using service = await stage.startService(database, LONG_LINE); // makes the room
  await stage.query(
    database,
    `with placed as (
       insert into waiting_room.token (room, number, epoch, user_id)
       select 'main', n, 1, gen_random_uuid() from generate_series(1, $1::int) n
       returning number
     )
     update waiting_room.room set last_number = $1, waiting = (select count(*) from placed) where room = 'main'`,
    [people],
  );
  await stage.query(database, 'vacuum analyze waiting_room.token');
  await stage.query(database, 'checkpoint');
  const headers = { authorization: `Bearer ${signer().sign('queue', claimsOf(Math.ceil(people / 2)))}` };
  return { database, tokens, sample: await sampleAnswer(service, PATH, headers) };
}

function* linesOf(people: number): Iterable<string> {
  const places = signer();
  const chunk = 1_000;
  for (let first = 1; first <= people; first += chunk) {
    const numbers = Array.from({ length: Math.min(chunk, people - first + 1) }, (_, index) => first + index);
    yield numbers.map((number) => `${places.sign('queue', claimsOf(number))}\n`).join('');
  }
}

const signer = () => createTokenSigner(parseSigningKeys([SIGNING_KEYS]), systemClock);

function claimsOf(number: number): object {
  const exp = Math.floor(systemClock.wallMs() / 1_000) + DAY_SECONDS;
  return { sub: derivedUuid('bench', String(number)), room: 'main', epoch: 1, n: number, exp };
}

/** Says beside the figure how many transactions the database did meanwhile. */
async function counted(stage: Stage, database: string, run: () => Promise<Measured>): Promise<Measured> {
  const before = await transactions(stage, database);
  const startedMs = performance.now();
  const measured = await run();
  const done = (await transactions(stage, database)) - before;
  const perSecond = Math.round(done / ((performance.now() - startedMs) / 1_000));
  return { ...measured, note: `${perSecond} transactions/s in the database` };
}

async function transactions(stage: Stage, database: string): Promise<number> {
  const [row] = await stage.query<{ n: number }>(
    database,
    'select xact_commit::int as n from pg_stat_database where datname = $1',
    [database],
  );
  return row?.n ?? 0;
}
