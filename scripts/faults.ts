import { stopOnSignal } from '../server/src/exit.ts';
import { play } from '../rehearsal/faults/play.ts';
import { SCENARIOS } from '../rehearsal/faults/scenarios/index.ts';
const names = process.argv.slice(2);
const signal = stopOnSignal();
const t0 = performance.now();
for (const s of SCENARIOS.filter((one) => names.length === 0 || names.includes(one.name))) {
  if (signal.aborted) break;
  const say = (line: string) =>
    console.log(`${((performance.now() - t0) / 1000).toFixed(1).padStart(6)} ${s.name}: ${line}`);
  const r = await play(s, { seed: 1, signal, say });
  const { scenario: _, ...rest } = r;
  say(JSON.stringify(rest, null, 1));
}
