import { test } from 'vitest';
import { appendOn, createLogWorld, seatReserved, numberOf, reservationCreated } from '../../test/support/log-world.ts';
import { until } from '../../test/support/until.ts';
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
test('debug', async () => {
  const world = await createLogWorld();
  await world.rows(`alter table effects.effect add column xact xid8 default pg_current_xact_id(), add column at timestamptz default clock_timestamp(), add column pid int default pg_backend_pid()`);
  await world.rows(`create table effects.moves (at timestamptz default clock_timestamp(), xact xid8 default pg_current_xact_id(), pid int default pg_backend_pid(), old text, new text)`);
  await world.rows(`create function effects.mv() returns trigger language plpgsql as $$ begin insert into effects.moves (old,new) values (old.xid::text||'/'||old.id, new.xid::text||'/'||new.id); return new; end $$`);
  await world.rows(`create trigger mv before update on messaging.cursor for each row execute function effects.mv()`);
  const instances = await Promise.all(range(1, 3).map(() => world.start({ reader: 'reservations', react: (_, events) => events.filter((e) => e.name === 'SeatReserved').map((e) => reservationCreated(numberOf(e))) })));
  for (let n = 1; n < 2500; n++) { const i = instances[n % 3]; if (i) await appendOn(i, [seatReserved(n)]); }
  await world.effectsOf(2499);
  await until('x', async () => true);
  const dup = await world.rows(`select n, array_agg(xact::text||' '||pid||' '||at::text order by effect_id) as who from effects.effect group by n having count(*)>1 order by n limit 8`);
  console.log(JSON.stringify(dup)); console.log("EFFECTS", JSON.stringify(await world.rows(`select xact::text, array_agg(n order by effect_id) ns from effects.effect where xact::text in (select split_part(w, $$ $$, 1) from unnest($1::text[]) w) group by xact`, [dup.flatMap((d: any) => d.who)])));
  const d0 = dup[0] as any;
  if (d0) {
    const x = d0.who.map((w: string) => w.split(' ')[0]);
    console.log(await world.rows(`select at::text, xact::text, pid, old, new from effects.moves where xact between ($1::text)::xid8 and ($2::text)::xid8 order by at`, [x[0], x[1]]));
    console.log(await world.rows(`select xid::text, id, at::text, names from messaging.log where xid between ($1::text)::xid8 and ($2::text)::xid8 order by xid`, [String(Number(x[0])-15), String(Number(x[1])+2)]));
    console.log(await world.rows(`select xid::text, id, e->>'reservationId' r, at::text from messaging.log, jsonb_array_elements(events) e where 'SeatReserved' = any(names) and e->>'reservationId' = '00000000-0000-4000-8000-' || lpad(to_hex($1::int), 12, '0')`, [d0.n]));
  }
  await world[Symbol.asyncDispose]();
});
