/** A planted bug is data: a small harmful change of one file, and the tests that must notice it. */
import assert from 'node:assert/strict';

/** What people can rely on, in the words of the report. */
export const promises = {
  I1: 'a seat never has two owners',
  I2: 'money is conserved, never negative',
  I3: 'what was answered 2xx stays true',
  I4: 'an unknown outcome is all or nothing, and the same key tells which',
  I5: 'one effect per key and per event',
  I6: 'first come, first served',
  I7: 'never more active turns than the capacity',
  I8: 'a hold lasts as long as it was promised',
  I9: 'every reservation ends, with its ticket or with the money back',
  I10: 'every committed event reaches every reader',
  I11: 'what is in trouble refuses, and takes nothing else with it',
  I13: 'nobody’s view goes backwards',
  limit: 'nobody gets more seats than anybody may have',
  cost: 'what somebody costs does not grow with the crowd',
} as const;

export interface Change {
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Killer {
  /** The file that vitest runs; a suite that it calls may stand in another one. */
  readonly file: string;
  /** The sentence of the test, or the part of it that does not depend on a case. */
  readonly test: string;
}

export interface PlantedBug {
  readonly name: string;
  /** What somebody tired might have written … */
  readonly says: string;
  /** … and what it would do to people. */
  readonly harm: string;
  readonly promise: keyof typeof promises;
  readonly file: string;
  /** More than one only where a second safeguard would hide the first. */
  readonly changes: readonly Change[];
  readonly killers: readonly Killer[];
}

/** The text with the bug in it. Throws where the bug does not fit the code any more. */
export function plant(bug: Pick<PlantedBug, 'name' | 'file' | 'changes'>, text: string): string {
  return bug.changes.reduce((changed, { find, replace }) => {
    const parts = changed.split(find);
    assert(
      parts.length === 2,
      `${bug.name} no longer fits ${bug.file}: what it replaces stands there ${parts.length - 1} times, not once:\n${find}`,
    );
    return parts.join(replace);
  }, text);
}
