/** The project as the tidy rules see it: files, and for TypeScript the syntax tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Made by tools or by running, never in the repository. */
const SKIPPED = new Set(['node_modules', '.git', '.data', 'coverage', 'dist', '.env']);
const BINARY = /\.(?:png|jpg|ico|woff2|gz|br|log|tmp)$/;

/** A node of the syntax tree (ESTree, with TypeScript). */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface SourceFile {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Every node of the syntax tree, parents first; none where the file is not TypeScript or JavaScript. */
  readonly nodes: readonly { readonly node: Node; readonly parent: Node | null }[];
  /** The line of an offset, from 1. */
  lineAt(offset: number): number;
}

export function readProject(): SourceFile[] {
  return listFiles('').map((path) => sourceFile(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function sourceFile(path: string, text: string): SourceFile {
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), (match) => match.index + 1)];
  return {
    path,
    text,
    nodes: isCode(path) ? parse(path, text) : [],
    lineAt: (offset) => lineStarts.findLastIndex((start) => start <= offset) + 1,
  };
}

export function isCode(path: string): boolean {
  return /\.(?:ts|tsx|mjs)$/.test(path);
}

/** Suites, suites that several adapters run, and what supports them. */
export function isTest(path: string): boolean {
  return /\.(?:test|contract)\.tsx?$/.test(path) || path.startsWith('server/test/');
}

/** What runs in production, without its tests. */
export function isProduct(path: string): boolean {
  return /^(?:server\/src|contract\/src)\//.test(path) && isCode(path) && !isTest(path);
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function listFiles(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name) && !BINARY.test(entry.name))
    .flatMap((entry) => {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) return listFiles(path);
      return entry.isFile() ? [path] : [];
    });
}

function parse(path: string, text: string): SourceFile['nodes'] {
  const nodes: { node: Node; parent: Node | null }[] = [];
  const visit = (value: unknown, parent: Node | null): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, parent);
    } else if (isNode(value)) {
      nodes.push({ node: value, parent });
      for (const child of Object.values(value)) visit(child, value);
    }
  };
  // oxlint-disable-next-line typescript/no-deprecated -- its successor is in packages that are not our own dependencies
  visit(parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' }, path), null);
  return nodes;
}
