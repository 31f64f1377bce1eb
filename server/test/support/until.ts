import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the condition gives something; fails with its description after the time. No test sleeps. */
export async function until<T>(
  description: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  maxMs = 10_000,
): Promise<T> {
  const endMs = Date.now() + maxMs;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error(`waited ${maxMs} ms in vain until ${description}`);
    await delay(5);
  }
}
