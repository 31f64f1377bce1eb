/**
 * What the compiler, the linter and the formatter cannot say. A rule is a function from a file to findings;
 * to add one, write the function, enter it here and plant a violation in planted.ts.
 */
import * as calls from './calls.ts';
import { checkImports } from './imports.ts';
import type { Rule } from './rule.ts';
import * as shape from './shape.ts';
import { isCode, isProduct, isTest } from './source.ts';
import * as sql from './sql.ts';

const isConfigFile = (path: string) => /^[^/]+\.config\.ts$/.test(path);
const isSupportCode = (path: string) => isCode(path) && !/\.(?:test|contract)\.tsx?$/.test(path);

export const RULES: readonly Rule[] = [
  { name: 'imports', covers: isCode, check: checkImports },

  { name: 'file-length', covers: isCode, check: shape.checkFileLength },
  // A suite is a list: its outermost function is as long as the list.
  { name: 'function-length', covers: isSupportCode, check: shape.checkFunctionLength },
  { name: 'file-name', covers: () => true, check: shape.checkFileName },

  { name: 'ambient', covers: calls.ambientCovers, check: calls.checkAmbient },
  {
    name: 'environment',
    covers: (path) => isProduct(path) && path !== 'server/src/config/env.ts',
    check: calls.checkEnvironment,
  },
  { name: 'console', covers: isProduct, check: calls.checkConsole },
  { name: 'any', covers: isCode, check: calls.checkAny },
  { name: 'focus', covers: isTest, check: calls.checkFocus },
  {
    name: 'default-export',
    covers: (path) => isCode(path) && !isConfigFile(path),
    check: calls.checkDefaultExport,
  },

  { name: 'sql-name', covers: sql.namedSqlCovers, check: sql.checkSqlName },
  { name: 'sql-schema', covers: sql.sqlCovers, check: sql.checkSqlSchema },
  { name: 'sql-clock', covers: sql.anySqlCovers, check: sql.checkSqlClock },
  { name: 'sql-case', covers: sql.anySqlCovers, check: sql.checkSqlCase },

  { name: 'machine-path', covers: shape.textCovers, check: shape.checkMachinePaths },
  { name: 'registry', covers: shape.installCovers, check: shape.checkRegistries },
  { name: 'leftover', covers: shape.programCovers, check: shape.checkLeftovers },
  { name: 'suppression', covers: shape.programCovers, check: shape.checkSuppressions },
];
