/** What is not called, or not written, and what to use instead. */
import { importsOf } from './imports.ts';
import type { Finding, Rule } from './rule.ts';
import { isNode, isProduct, type Node, type SourceFile } from './source.ts';

/** Time, chance and pauses come from the platform, as arguments, so that a test can decide them. */
export function* checkAmbient(file: SourceFile): Iterable<Finding> {
  for (const { node, parent } of file.nodes) {
    const instead = insteadOf(node, parent);
    if (instead !== undefined) yield { at: node.start, message: instead };
  }
  for (const { at, specifier } of importsOf(file)) {
    if (/^(?:node:)?timers(?:\/|$)/.test(specifier)) {
      yield { at, message: `${specifier} is for the platform; take a Clock and use clock.sleep` };
    }
  }
}

export const ambientCovers: Rule['covers'] = (path) =>
  isProduct(path) && !path.startsWith('server/src/platform/');

function insteadOf(node: Node, parent: Node | null): string | undefined {
  if (isMember(node, 'Date', 'now'))
    return 'Date.now is for the platform; take a Clock, or let the database say';
  if (isMember(node, 'Math', 'random'))
    return 'Math.random is for the platform; take what decides as an argument';
  const { callee } = node;
  const isDate = isNode(callee) && isNamed(callee, 'Date');
  const given = node['arguments'];
  if (isDate && (node.type === 'CallExpression' || (Array.isArray(given) && given.length === 0))) {
    return 'the current time is for the platform; take a Clock, or let the database say';
  }
  const isTimer = ['setTimeout', 'setInterval', 'setImmediate'].some((name) => isNamed(node, name));
  if (isTimer && !isLabel(node, parent)) {
    return `${nameOf(node)} is for the platform; take a Clock and use clock.sleep`;
  }
  return undefined;
}

/** The environment is read once, in one place, and checked as a whole. */
export function* checkEnvironment(file: SourceFile): Iterable<Finding> {
  for (const { node } of file.nodes) {
    const isRead = isMember(node, 'process', 'env');
    const isTaken = importedFrom(node, 'process', 'env') || destructuredFrom(node, 'process', 'env');
    if (isRead || isTaken) {
      yield {
        at: node.start,
        message: 'only config/env.ts reads the environment; take the value from the Config',
      };
    }
  }
}

export function* checkConsole(file: SourceFile): Iterable<Finding> {
  for (const { node, parent } of file.nodes) {
    const isObject =
      node.type === 'Identifier' && parent?.type === 'MemberExpression' && parent['object'] === node;
    if (isObject && isNamed(node, 'console')) {
      yield { at: node.start, message: 'the service writes log lines, not to the console; take a Logger' };
    }
  }
}

export function* checkAny(file: SourceFile): Iterable<Finding> {
  for (const { node } of file.nodes) {
    if (node.type === 'TSAnyKeyword') {
      yield {
        at: node.start,
        message: '`any` switches the compiler off; use unknown and narrow it, or a type parameter',
      };
    }
  }
}

export function* checkFocus(file: SourceFile): Iterable<Finding> {
  const starts = ['test', 'it', 'describe'];
  for (const { node } of file.nodes) {
    const { object } = node;
    if (node.type !== 'MemberExpression' || !isNode(object) || !isNamed(node['property'], 'only')) continue;
    const root = rootOf(object);
    if (starts.some((name) => isNamed(root, name))) {
      yield { at: node.start, message: '`.only` silences every other test; remove it' };
    }
  }
}

export function* checkDefaultExport(file: SourceFile): Iterable<Finding> {
  for (const { node } of file.nodes) {
    const isRenamed = node.type === 'ExportSpecifier' && isNamed(node['exported'], 'default');
    if (node.type === 'ExportDefaultDeclaration' || isRenamed) {
      yield { at: node.start, message: 'a default export has another name in every file; export it by name' };
    }
  }
}

function nameOf(node: unknown): string | undefined {
  return isNode(node) && typeof node['name'] === 'string' ? node['name'] : undefined;
}

function isNamed(node: unknown, name: string): boolean {
  return isNode(node) && node.type === 'Identifier' && nameOf(node) === name;
}

/** `object.property`, and `globalThis.object.property`. */
function isMember(node: Node, object: string, property: string): boolean {
  if (node.type !== 'MemberExpression' || !isNamed(node['property'], property)) return false;
  const of = node['object'];
  return (
    isNamed(of, object) || (isNode(of) && of.type === 'MemberExpression' && isNamed(of['property'], object))
  );
}

/** A name that only labels something: `clock.setTimeout`, `{ setTimeout: 1 }`, an import that is looked at itself. */
function isLabel(node: Node, parent: Node | null): boolean {
  if (parent?.type === 'ImportSpecifier') return true;
  if (parent?.type === 'MemberExpression') {
    const isProperty = parent['property'] === node && parent['computed'] === false;
    return isProperty && !isNamed(parent['object'], 'globalThis');
  }
  return parent?.['key'] === node && parent['shorthand'] !== true;
}

/** `import { env } from 'node:process'`. */
function importedFrom(node: Node, module: string, name: string): boolean {
  const { source, specifiers } = node;
  if (node.type !== 'ImportDeclaration' || !isNode(source) || !Array.isArray(specifiers)) return false;
  const isModule = source['value'] === module || source['value'] === `node:${module}`;
  return isModule && specifiers.some((each) => isNode(each) && isNamed(each['imported'], name));
}

/** `const { env } = process`. */
function destructuredFrom(node: Node, object: string, name: string): boolean {
  const { id, init } = node;
  if (node.type !== 'VariableDeclarator' || !isNamed(init, object) || !isNode(id)) return false;
  const { properties } = id;
  return Array.isArray(properties) && properties.some((each) => isNode(each) && isNamed(each['key'], name));
}

/** The `test` of `test.concurrent.each`. */
function rootOf(node: Node): Node {
  const { object } = node;
  return node.type === 'MemberExpression' && isNode(object) ? rootOf(object) : node;
}
