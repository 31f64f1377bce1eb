/** SQL inside TypeScript, and the migrations. */
import type { Finding, Rule } from './rule.ts';
import { isProduct, type Node, type SourceFile } from './source.ts';

/** PostgreSQL schemas, one for each module that owns tables. */
const SCHEMAS = new Set([
  'messaging',
  'waiting_room',
  'catalogue',
  'seats',
  'reservations',
  'payments',
  'operator_log',
  'audit',
]);

/** The one outsider that may read every table, and nothing else: it looks whether they agree. */
const AUDITOR = 'audit';
const WRITES =
  /\b(?:insert|update|delete|merge|truncate|create|alter|drop|lock|copy|call|nextval|setval)\b|\bfor\s+(?:no\s+key\s+)?(?:key\s+)?share\b/i;

/** Runs migrations before there is anything to prepare a statement on. */
const MIGRATOR = 'server/src/platform/postgres/migrate.ts';

const NAMED = /^\s*\/\* ([a-z-]+)\.([a-z-]+) \*\/\s/;
const BEGINS_LIKE_SQL = [
  /^with\s+(?:recursive\s+)?\w+\s*(?:\([^)]*\)\s*)?as\s+(?:(?:not\s+)?materialized\s+)?\(/i,
  /^select\s+(?:\S+\s*\(|\*|\$\d|\d|[\s\S]*\sfrom\s)/i,
  /^insert\s+into\s+\S/i,
  /^update\s+[\w.]+\s+(?:(?:as\s+)?\w+\s+)?set\s/i,
  /^delete\s+from\s+\S/i,
  /^merge\s+into\s+\S/i,
  /^(?:create|alter|drop|truncate|lock|vacuum|analyze)\s+(?:table|schema|index|sequence|function|type|unlogged|unique)\b/i,
  /^(?:truncate|lock|vacuum|analyze|explain|refresh|copy|call|notify)\s+[\w.]+(?:\s|$)/,
];

export const sqlCovers: Rule['covers'] = (path) => path.startsWith('server/src/') && isProduct(path);
export const namedSqlCovers: Rule['covers'] = (path) => sqlCovers(path) && path !== MIGRATOR;
export const anySqlCovers: Rule['covers'] = (path) => sqlCovers(path) || /^server\/sql\/.*\.sql$/.test(path);

/** The name is what pg_stat_statements, traces and prepared statements show. */
export function* checkSqlName(file: SourceFile): Iterable<Finding> {
  const folder = folderOf(file.path);
  for (const { at, text } of statementsOf(file)) {
    const owner = NAMED.exec(text)?.[1];
    if (owner === undefined) {
      yield {
        at,
        message: `start the statement with its name, such as /* ${folder ?? 'module'}.verb-noun */`,
      };
    } else if (folder !== undefined && folder !== 'platform' && owner !== folder) {
      yield {
        at,
        message: `the statement of ${folder} is named after ${owner}; call it ${folder}.verb-noun`,
      };
    }
  }
}

/** A table has one owner: others ask it by event, or are handed a function. */
export function* checkSqlSchema(file: SourceFile): Iterable<Finding> {
  const own = folderOf(file.path)?.replaceAll('-', '_');
  for (const { at, text } of statementsOf(file)) {
    const sql = withoutComments(text);
    for (const [, schema] of sql.matchAll(/\b([a-z_]+)\.[a-z_]/g)) {
      if (schema !== undefined && schema !== own && SCHEMAS.has(schema)) {
        if (own === AUDITOR) {
          if (WRITES.test(sql)) {
            yield {
              at,
              message: `the auditor reads the tables of ${schema}, and neither changes nor locks them`,
            };
          }
          continue;
        }
        const instead =
          schema === 'messaging'
            ? 'append events with messaging.append'
            : 'learn it from the log, or be handed a function';
        yield { at, message: `only ${schema} names the tables of ${schema}; ${instead}` };
      }
    }
  }
}

/** now() is the start of the transaction, which may have waited for a lock since. */
export function* checkSqlClock(file: SourceFile): Iterable<Finding> {
  for (const { at, text } of textsOf(file)) {
    for (const match of text.matchAll(
      /\bnow\s*\(\s*\)|\b(?:current_(?:timestamp|time|date)|localtime(?:stamp)?)\b/gi,
    )) {
      const message = `${match[0]} is the start of the transaction; use clock_timestamp(), or transaction_timestamp() where the start is meant`;
      yield { at: at + match.index, message };
    }
  }
}

export function* checkSqlCase(file: SourceFile): Iterable<Finding> {
  for (const { at, text } of textsOf(file)) {
    for (const match of text.matchAll(
      /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|VALUES|CREATE|ALTER|RETURNING)\b/g,
    )) {
      yield { at: at + match.index, message: `SQL is written in lower case: ${match[0].toLowerCase()}` };
    }
  }
}

/** Names are prepared-statement names: two texts of one name would be one statement. */
export function duplicateStatements(files: readonly SourceFile[]): string[] {
  const seen = new Map<string, string>();
  return files
    .filter((file) => sqlCovers(file.path))
    .flatMap((file) => statementsOf(file).map((statement) => ({ file, ...statement })))
    .flatMap(({ file, at, text }) => {
      const [, owner, verb] = NAMED.exec(text) ?? [];
      if (owner === undefined || verb === undefined) return [];
      const name = `${owner}.${verb}`;
      const where = `${file.path}:${file.lineAt(at)}`;
      const first = seen.get(name);
      if (first === undefined) seen.set(name, where);
      return first === undefined
        ? []
        : [`${where}: ${name} is the name of another statement at ${first}; rename one`];
    });
}

interface Sql {
  readonly at: number;
  readonly text: string;
}

function folderOf(path: string): string | undefined {
  return /^server\/src\/([^/]+)\//.exec(path)?.[1];
}

/** A whole .sql file, or every statement in the code; comments blanked, offsets kept. */
function textsOf(file: SourceFile): Sql[] {
  const texts = file.path.endsWith('.sql') ? [{ at: 0, text: file.text }] : statementsOf(file);
  return texts.map(({ at, text }) => ({ at, text: withoutComments(text) }));
}

function statementsOf(file: SourceFile): Sql[] {
  return file.nodes
    .map(({ node }) => ({ at: node.start, text: literalText(file, node) }))
    .filter((found): found is Sql => found.text !== undefined && isSql(found.text));
}

/** The text of a string or template as it is written, what is filled in replaced by `?`; undefined for other nodes. */
function literalText(file: SourceFile, node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? ` ${node['value']}` : undefined;
  const { quasis } = node;
  if (node.type !== 'TemplateLiteral' || !Array.isArray(quasis)) return undefined;
  return ` ${file.text.slice(node.start + 1, node.end - 1).replaceAll(/\$\{[^}]*\}/g, (hole) => '?'.padEnd(hole.length))}`;
}

function isSql(text: string): boolean {
  const begin = withoutComments(text).trim();
  return NAMED.test(text) || BEGINS_LIKE_SQL.some((pattern) => pattern.test(begin));
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|--[^\n]*/g, (comment) => comment.replaceAll(/[^\n]/g, ' '));
}
