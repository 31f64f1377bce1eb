/**
 * npm run study:locking [-- --quick]
 *
 * A hundred buyers for one seat, and a hundred movements on one wallet: with pessimistic locks and optimistic versions as in
 * the two original write-ups, and with our sets. Writes docs/studies/locking.md.
 */
import { machine } from '../lib/figures.ts';
import { createStage } from '../lib/stage.ts';
import { isQuick, loadBefore, publish } from '../lib/study.ts';
import { lockingPage } from './locking/page.ts';
import { resultOf, type Result } from './locking/result.ts';
import type { Contest, Run } from './locking/round.ts';
import { prepareTemplate, runScenario, type Scenario } from './locking/scenario.ts';
import { SEAT } from './locking/seat.ts';
import { POOL_MAX } from './locking/service.ts';
import { WALLET } from './locking/wallet.ts';

const quick = isQuick();
const load = loadBefore();
const begun = machine();
const [repeats, rounds] = quick ? [1, 2] : [5, 10];
const CONNECTIONS = [2, 10, 50] as const;

interface Entrant<Work> {
  readonly name: string;
  readonly isOurs: boolean;
  readonly connections: number;
  readonly open: (database: string) => Promise<Contest<Work>>;
  readonly runs: Run<Work>[];
}

await using stage = await createStage();
const template = await prepareTemplate(stage);

function entrantsOf<Work>({ ours, references }: Scenario<Work>): Entrant<Work>[] {
  return [
    ...CONNECTIONS.flatMap((connections) =>
      references.map(({ name, open }) => ({
        name,
        isOurs: false,
        connections,
        open: (database: string) => open(stage, database, connections),
        runs: [],
      })),
    ),
    {
      name: ours.name,
      isOurs: true,
      connections: POOL_MAX,
      open: (database) => ours.open(stage, database),
      runs: [],
    },
  ];
}

/** All of them by turns. */
async function compare<Work>(scenario: Scenario<Work>): Promise<Result[]> {
  const entrants = entrantsOf(scenario);
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const { name, connections, open, runs } of entrants) {
      process.stderr.write(`repeat ${repeat + 1}: ${scenario.title}, ${name}, ${connections} connections\n`);
      runs.push(await runScenario(stage, template, scenario, open, rounds));
    }
  }
  return entrants.map((entrant) => resultOf(entrant, entrant.runs));
}

const seat = await compare(SEAT);
const wallet = await compare(WALLET);
const [version] = await stage.query<{ server_version: string }>('postgres', 'show server_version');
const conditions = {
  repeats,
  rounds,
  connections: CONNECTIONS,
  postgres: version?.server_version ?? 'unknown',
  machine: begun,
  load,
};
await publish('locking', lockingPage({ seat, wallet }, conditions), quick);
