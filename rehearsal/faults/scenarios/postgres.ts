/** PostgreSQL that dies, stands still, throws sessions out or has no room for more. */
import assert from 'node:assert/strict';
import { Client } from 'pg';
import type { Play, Scenario } from '../scenario.ts';
import { signalFamily, signalOne } from '../server-processes.ts';

export async function serverPid({ stage }: Play): Promise<number> {
  const pid = await stage.server.pid();
  assert(pid !== undefined, 'PostgreSQL runs');
  return pid;
}

/** It answers a session of ours. */
export async function isServing({ stage }: Play): Promise<boolean> {
  return stage.server.query('select 1').then(
    () => true,
    () => false,
  );
}

async function takeAllConnections({ stage }: Play): Promise<Client[]> {
  const taken: Client[] = [];
  for (;;) {
    const client = new Client({ connectionString: stage.server.urlFor(), application_name: 'a stranger' });
    client.on('error', () => {});
    try {
      await client.connect();
      taken.push(client);
    } catch {
      return taken; // there is none left
    }
  }
}

export const postgresScenarios: readonly Scenario[] = [
  {
    name: 'postgres-killed',
    does: 'The first process of PostgreSQL is killed with SIGKILL, twice; whoever launched it starts it again.',
    mustHold: 'Nothing answered is lost; the instances go on without a restart.',
    needs: ['linux'],
    lastsMs: 15_000,
    disturb: async (play) => {
      for (let kills = 0; kills < 2; kills++) {
        const pid = await serverPid(play);
        signalOne(pid, 'SIGKILL');
        const isBack = async () => {
          const now = await play.stage.server.pid();
          return now !== undefined && now !== pid && (await isServing(play));
        };
        const backMs = await play.until('PostgreSQL is back', isBack, 60_000);
        play.note(`PostgreSQL was back after ${(backMs / 1000).toFixed(1)} s`);
        if (kills === 0) await play.last(4_000);
      }
    },
  },
  {
    name: 'postgres-frozen',
    does: 'All processes of PostgreSQL stand still for 12 s (SIGSTOP), longer than any answer is waited for.',
    mustHold: '503 and not silence meanwhile; what was under way is all or nothing.',
    needs: ['linux'],
    lastsMs: 12_000,
    disturb: async (play) => {
      const pid = await serverPid(play);
      signalFamily(pid, 'SIGSTOP');
      try {
        await play.last(12_000);
      } finally {
        signalFamily(pid, 'SIGCONT');
      }
    },
  },
  {
    name: 'backends-terminated',
    does: 'Every 100 ms a session of the service, any of them, is ended by pg_terminate_backend, for 12 s.',
    mustHold: 'Pools fill again, retries are bounded, every unknown outcome is all or nothing.',
    needs: [],
    lastsMs: 12_000,
    disturb: async (play) => {
      const client = await play.stage.server.connect();
      let ended = 0;
      try {
        const endMs = performance.now() + 12_000;
        while (performance.now() < endMs) {
          const { rowCount } = await client.query(
            `select pg_terminate_backend(pid) from pg_stat_activity
             where application_name like 'frontrow%' and usename = 'frontrow' order by random() limit 1`,
          );
          ended += rowCount ?? 0;
          await play.last(100);
        }
      } finally {
        await client.end();
      }
      play.note(`${ended} sessions were ended`);
    },
  },
  {
    name: 'connections-exhausted',
    does: 'Another client takes every connection that PostgreSQL has (60 here), also those of the instances, for 12 s.',
    mustHold: 'People are told 503 at once; the pools fill again by themselves.',
    needs: [],
    lastsMs: 14_000,
    stage: () => ({ settings: { max_connections: '60' } }),
    disturb: async (play) => {
      const taken: Client[] = [];
      const above = await play.stage.server.connect(); // one of those kept for superusers
      try {
        const endMs = performance.now() + 12_000;
        while (performance.now() < endMs) {
          await above.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'frontrow'`,
          );
          taken.push(...(await takeAllConnections(play)));
          await play.last(500);
        }
        play.note(`${taken.length} connections were taken`);
      } finally {
        await Promise.all([...taken, above].map((client) => client.end()));
      }
    },
  },
];
