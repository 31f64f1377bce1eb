import { defineConfig } from 'vitest/config';
import { SYSTEM_FOLDERS } from './scripts/support/test-projects.ts';

const SYSTEM = `server/test/{${SYSTEM_FOLDERS.join(',')}}/**/*.test.ts`;
const INT = '**/*.int.test.ts';
const NEVER = ['**/node_modules/**', '.data/**'];

/** Starts one real PostgreSQL for the projects that need one. */
const POSTGRES = './server/test/support/global-setup.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    // Tests share two cores with the PostgreSQL that they run against.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['**/*.test.ts'], exclude: [INT, SYSTEM, ...NEVER] },
      },
      {
        extends: true,
        test: { name: 'int', include: [INT], exclude: [SYSTEM, ...NEVER], globalSetup: [POSTGRES] },
      },
      {
        extends: true,
        test: { name: 'system', include: [SYSTEM], exclude: NEVER, globalSetup: [POSTGRES] },
      },
    ],
  },
});
