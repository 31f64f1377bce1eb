import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from './stage.ts';

/** Waits until so many seats are laid out. */
export async function laidOut(stage: Stage, database: string, seats: number): Promise<void> {
  for (;;) {
    const [row] = await stage.query<{ n: number }>(database, 'select count(*)::int as n from seats.seat');
    if (row?.n === seats) return;
    await delay(20);
  }
}
