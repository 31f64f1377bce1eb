/** Fills a table, asks for its free seats, sells some of them, and says what each of it cost. */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { Client } from 'pg';
import type { Stage } from '../../lib/stage.ts';
import { type Plan, readPlan } from './plan.ts';
import { PERFORMANCES, type Variant } from './variants.ts';

export interface Size {
  readonly seatsOfEach: number;
  /** Of one performance: held, then sold. */
  readonly sold: number;
  readonly readsOfEach: number;
}

/** The first of these has only free seats, as in the first write-up; half of the second's are taken. */
const MOMENTS = { 'all seats are free': 1, 'half of the seats are taken': 2 } as const;
export type Moment = keyof typeof MOMENTS;
export const MOMENT_NAMES = Object.keys(MOMENTS) as Moment[];

export interface Reading {
  readonly executionMs: readonly number[];
  readonly clientMs: readonly number[];
  readonly plan: Plan;
}
export type Readings = Readonly<Record<Moment, Reading>>;

export interface Bytes {
  readonly table: number;
  readonly primaryKey: number;
  readonly otherIndexes: number;
}

export interface Writing {
  readonly ms: number;
  readonly walBytes: number;
}

/** A filled table: each measurement is made on a fresh copy of it. */
export interface Prepared {
  readonly variant: Variant;
  readonly database: string;
  readonly bytes: Bytes;
}

export interface Measured {
  readonly readings: Readings;
  /** The same with the second index, where there is one. */
  readonly secondReadings?: Readings | undefined;
  readonly sale: Writing & { readonly hotShare: number; readonly grownBytes: number };
  /** The seats of one more performance are laid out. */
  readonly layOut: Writing;
}

/** As many as a batch of the service has at the most, about. */
const SEATS_OF_A_SET = 500;

/** Makes the table with its indexes, fills it and vacuums it. */
export async function prepare(stage: Stage, variant: Variant, size: Size): Promise<Prepared> {
  const database = await stage.freshDatabase({ kept: true });
  await variant.create(stage, database);
  await connected(stage, database, async (client) => {
    for (let performanceNo = 1; performanceNo <= PERFORMANCES; performanceNo++) {
      await client.query(variant.fill, [performanceNo, size.seatsOfEach]);
    }
  });
  await stage.query(database, `vacuum analyze ${variant.table}`);
  return { variant, database, bytes: await bytesOf(stage, database, variant) };
}

/** On a copy, which is gone afterwards. */
export async function measure(stage: Stage, prepared: Prepared, size: Size): Promise<Measured> {
  const { variant, database: template, bytes } = prepared;
  const database = `${template}_copy`;
  await stage.query('postgres', `create database ${database} template ${template} strategy file_copy`);
  try {
    const readings = await read(stage, database, variant, size);
    let secondReadings: Readings | undefined;
    if (variant.secondIndex !== undefined) {
      await stage.query(database, variant.secondIndex);
      secondReadings = await read(stage, database, variant, size);
    }
    await stage.query(database, 'checkpoint'); // from here on each page is logged in full once more
    const sale = await sell(stage, database, variant, size);
    const grownBytes = sumOf(await bytesOf(stage, database, variant)) - sumOf(bytes);
    const layOut = await writing(stage, database, async (client) => {
      await client.query(variant.fill, [PERFORMANCES + 1, size.seatsOfEach]);
    });
    return { readings, secondReadings, sale: { ...sale, grownBytes }, layOut };
  } finally {
    await stage.query('postgres', `drop database ${database}`);
  }
}

export function sumOf({ table, primaryKey, otherIndexes }: Bytes): number {
  return table + primaryKey + otherIndexes;
}

async function connected<T>(
  stage: Stage,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...stage.postgres.connection, database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** How long it takes, and what it adds to the write-ahead log. */
function writing(stage: Stage, database: string, work: (client: Client) => Promise<void>): Promise<Writing> {
  return connected(stage, database, async (client) => {
    const position = async () => {
      const { rows } = await client.query<{ at: string }>(
        `select pg_current_wal_lsn() - '0/0'::pg_lsn as at`,
      );
      return Number(rows[0]?.at);
    };
    const from = await position();
    const startedMs = performance.now();
    await work(client);
    const ms = performance.now() - startedMs;
    return { ms, walBytes: (await position()) - from };
  });
}

async function bytesOf(stage: Stage, database: string, { table }: Variant): Promise<Bytes> {
  const [row] = await stage.query<{ heap: string; key: string; others: string }>(
    database,
    `select pg_table_size($1::regclass) as heap,
       sum(pg_relation_size(indexrelid)) filter (where indisprimary) as key,
       coalesce(sum(pg_relation_size(indexrelid)) filter (where not indisprimary), 0) as others
     from pg_index where indrelid = $1::regclass`,
    [table],
  );
  assert(row !== undefined);
  return { table: Number(row.heap), primaryKey: Number(row.key), otherIndexes: Number(row.others) };
}

async function read(stage: Stage, database: string, variant: Variant, size: Size): Promise<Readings> {
  const readings = await connected(stage, database, async (client) => {
    const found: [Moment, Reading][] = [];
    for (const moment of MOMENT_NAMES) found.push([moment, await readOne(client, variant, moment, size)]);
    return found;
  });
  return Object.fromEntries(readings) as Readings;
}

/** Once to warm up, then so many times. EXPLAIN counts without looking at the clock for each row, which costs more than the row. */
async function readOne(client: Client, { query }: Variant, moment: Moment, size: Size): Promise<Reading> {
  const performanceNo = MOMENTS[moment];
  const text = query.replaceAll('$1', String(performanceNo));
  const explained = async () => {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, buffers, timing off) ${text}`,
    );
    return readPlan(rows.map((row) => row['QUERY PLAN']));
  };
  const fetched = async () => {
    const startedMs = performance.now();
    const { rowCount } = await client.query({ text, rowMode: 'array' });
    const ms = performance.now() - startedMs;
    checkCount(rowCount ?? 0, moment, size);
    return ms;
  };
  await fetched();
  let plan = await explained();
  const executionMs: number[] = [];
  const clientMs: number[] = [];
  for (let run = 0; run < size.readsOfEach; run++) {
    plan = await explained();
    executionMs.push(plan.executionMs);
    clientMs.push(await fetched());
  }
  return { executionMs, clientMs, plan };
}

function checkCount(count: number, moment: Moment, { seatsOfEach }: Size): void {
  const isRight =
    moment === 'all seats are free'
      ? count === seatsOfEach
      : count > seatsOfEach * 0.45 && count < seatsOfEach * 0.55;
  assert(isRight, `${count} of ${seatsOfEach} seats are free, where ${moment}`);
}

async function sell(stage: Stage, database: string, variant: Variant, size: Size) {
  const { seatsOfEach, sold } = size;
  const changed = sold * 2;
  const written = await writing(stage, database, async (client) => {
    let count = 0;
    for (const [statement, seed] of [
      [variant.hold, 1],
      [variant.sell, 2],
    ] as const) {
      for (const seatNos of setsOf(sold, seatsOfEach, seed)) {
        count += (await client.query(statement, [seatNos])).rowCount ?? 0;
      }
    }
    assert.equal(count, changed, 'every seat was held and sold once');
  });
  const [row] = await stage.query<{ hot: string; all: string }>(
    database,
    'select n_tup_hot_upd as hot, n_tup_upd as all from pg_stat_user_tables where relid = $1::regclass',
    [variant.table],
  );
  assert.equal(Number(row?.all), changed, 'PostgreSQL counts the same changes');
  return { ...written, hotShare: Number(row?.hot) / changed };
}

/**
 * The same seats all over the house for every table, in sets, each in the order of the numbers. The seed decides which seats
 * come together.
 */
function setsOf(count: number, seatsOfEach: number, seed: number): number[][] {
  // A step that has no divisor in common with the house comes to each seat once.
  const step = 7_919;
  assert(seatsOfEach % step !== 0);
  const seats = Array.from({ length: count }, (_, index) => ((index * step) % seatsOfEach) + 1);
  const rank = (seatNo: number) => (seatNo * 48_271 * seed + seed) % 65_521;
  const mixed = seats.toSorted((a, b) => rank(a) - rank(b));
  return Array.from({ length: Math.ceil(count / SEATS_OF_A_SET) }, (_, set) =>
    mixed.slice(set * SEATS_OF_A_SET, (set + 1) * SEATS_OF_A_SET).toSorted((a, b) => a - b),
  );
}
