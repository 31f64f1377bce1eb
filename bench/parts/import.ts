/** Making a catalogue of so many seats, and importing it into an empty database. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { audited } from '../lib/audited.ts';
import { peakMemoryMb } from '../lib/cores.ts';
import { DURABLE } from '../lib/conditions.ts';
import { table } from '../lib/page.ts';
import type { Part } from '../lib/part.ts';
import { OPERATOR_TOKEN, type Stage } from '../lib/stage.ts';

const GENERATE = fileURLToPath(new URL('../../scripts/generate-catalogue.ts', import.meta.url));
const IMPORT = fileURLToPath(new URL('../../scripts/import.ts', import.meta.url));

export const importing: Part = {
  title: 'Importing a catalogue',
  conditions: () => [
    'one run into an empty database',
    'the importer, the service and PostgreSQL share the cores',
    DURABLE,
  ],
  measure: async (stage, { quick }) => ({
    page: await measureImport(stage, quick ? 100_000 : 2_000_000),
    findings: [],
  }),
};

/** Gives the rows of the page: what, figure, aim. */
async function measureImport(stage: Stage, seats: number): Promise<string[]> {
  const file = join(stage.folder, 'catalogue.json');
  const generateS = await timed(() => runScript(GENERATE, ['--seats', String(seats), '--out', file]));
  const { size } = await stat(file);
  const database = await stage.freshDatabase();
  await using service = await stage.startService(database);
  const url = `http://${service.host}:${service.port}`;
  // It ends when the last seat is laid out.
  const deliver = () => runScript(IMPORT, [file, '--url', url], { OPERATOR_TOKEN });
  const importS = await timed(deliver);
  await countSeats(stage, database, seats);
  const againS = await timed(deliver);
  await countSeats(stage, database, seats);
  await audited(stage, database);
  const count = (value: number) => Math.round(value).toLocaleString('en');
  return table(
    ['what', 'figure', 'aim'],
    [
      ['making the file', `${generateS.toFixed(1)} s, ${(size / 1e6).toFixed(2)} MB`, ''],
      [
        `importing ${count(seats)} seats, until the last is laid out`,
        `${importS.toFixed(1)} s`,
        '< 180 s for 2,000,000',
      ],
      ['seats laid out', `${count(seats / importS)} a second`, ''],
      ['the same file again, which changes nothing', `${againS.toFixed(1)} s`, ''],
      ['memory of the Node process, peak', `${count(await peakMemoryMb(service.pid))} MB`, ''],
    ],
  );
}

async function countSeats(stage: Stage, database: string, expected: number): Promise<void> {
  const [row] = await stage.query<{ n: number }>(database, 'select count(*)::int as n from seats.seat');
  if (row?.n !== expected) throw new Error(`${row?.n} seats were laid out, ${expected} expected`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1_000;
}

async function runScript(
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await promisify(execFile)(process.execPath, [script, ...args], {
    env: { PATH: process.env['PATH'], ...environment },
    maxBuffer: 1 << 26,
  });
}
