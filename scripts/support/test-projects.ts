/** Which project of vitest.config.ts runs a test file. */

/** Suites of the whole service; each folder is described in CONTRIBUTING.md. */
export const SYSTEM_FOLDERS = ['journeys', 'races', 'faults', 'instances', 'model'] as const;

const IN_SYSTEM = new RegExp(`^server/test/(?:${SYSTEM_FOLDERS.join('|')})/`);

export function projectOf(file: string): 'unit' | 'int' | 'system' {
  if (IN_SYSTEM.test(file)) return 'system';
  return file.endsWith('.int.test.ts') ? 'int' : 'unit';
}
