/** What a hundred people want, the ways to give it to them, and how to see that it was right. */
import { migrate } from '../../../server/src/platform/postgres/migrate.ts';
import type { Stage } from '../../lib/stage.ts';
import { type Contest, type Run, runRounds } from './round.ts';
import type { Way } from './strategies.ts';

export const OURS = 'ours: a set';

export interface Scenario<Work> {
  readonly title: string;
  readonly references: readonly Way<Work>[];
  readonly ours: {
    readonly name: string;
    readonly open: (stage: Stage, database: string) => Promise<Contest<Work>>;
  };
  /** Fills a migrated, empty database and gives what the hundred ask for in each round. */
  readonly prepare: (stage: Stage, database: string, rounds: number) => Promise<Work[][]>;
  /** Throws when what the tables say is not what everybody was told, or not right. */
  readonly verify: (stage: Stage, database: string, run: Run<Work>) => Promise<void>;
}

/** A database with every migration and no row, of which each run has a copy. */
export async function prepareTemplate(stage: Stage): Promise<string> {
  const template = await stage.freshDatabase({ kept: true });
  await migrate({ ...stage.postgres.connection, database: template });
  return template;
}

/** On a copy of the template, which is gone afterwards. A run whose result is wrong has no figures. */
export async function runScenario<Work>(
  stage: Stage,
  template: string,
  { prepare, verify }: Scenario<Work>,
  open: (database: string) => Promise<Contest<Work>>,
  rounds: number,
): Promise<Run<Work>> {
  const database = `${template}_copy`;
  await stage.query('postgres', `create database ${database} template ${template}`);
  try {
    const works = await prepare(stage, database, rounds + 1); // and one to warm up
    await stage.query(
      database,
      'vacuum analyze seats.seat, seats.performance, payments.wallet, payments.payment',
    );
    await stage.query(database, 'checkpoint');
    const run = await runOn(await open(database), works);
    await verify(stage, database, run);
    return run;
  } finally {
    await stage.query('postgres', `drop database ${database}`);
  }
}

async function runOn<Work>(opened: Contest<Work>, works: readonly (readonly Work[])[]): Promise<Run<Work>> {
  await using contest = opened;
  return await runRounds(contest, works);
}
