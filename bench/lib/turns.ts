/** Parts have their turns one after the other; one that fails does not take the figures of the others with it. */
import { tmpdir } from 'node:os';
import type { Finding } from './part.ts';

export interface Turns {
  readonly parts: readonly { readonly name: string; readonly findings: readonly Finding[] }[];
  readonly failed: readonly { readonly name: string; readonly error: string }[];
  /** All have had their turn. */
  readonly whole: boolean;
}

/** `keep` is given what stands after each turn. */
export async function takeTurns(
  names: readonly string[],
  measure: (name: string) => Promise<readonly Finding[]>,
  keep: (turns: Turns) => Promise<void>,
): Promise<Turns> {
  let turns: Turns = { parts: [], failed: [], whole: names.length === 0 };
  for (const [index, name] of names.entries()) {
    const had = await turnOf(name, measure);
    turns = {
      parts: 'findings' in had ? [...turns.parts, had] : turns.parts,
      failed: 'error' in had ? [...turns.failed, had] : turns.failed,
      whole: index === names.length - 1,
    };
    await keep(turns);
  }
  return turns;
}

async function turnOf(
  name: string,
  measure: (name: string) => Promise<readonly Finding[]>,
): Promise<Turns['parts'][number] | Turns['failed'][number]> {
  try {
    return { name, findings: await measure(name) };
  } catch (error) {
    process.stderr.write(`${name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    return { name, error: inShort(error) };
  }
}

/** For the record: what failed, without the folders of the machine that it failed on. */
function inShort(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(tmpdir(), '…').replaceAll(process.cwd(), '…').slice(0, 500);
}
