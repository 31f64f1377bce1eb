/** Sizes, names, and words that do not belong in the repository. */
import type { Finding, Rule } from './rule.ts';
import { isCode, isProduct, type SourceFile } from './source.ts';

export const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;
const DOCUMENT = /^[A-Z]+(?:\.[a-z]{2})?\.md$/;

/** The rules name what they forbid. */
const ownText: Rule['covers'] = (path) => path.startsWith('server/test/tidy/');

export const textCovers: Rule['covers'] = (path) => !ownText(path);
export const installCovers: Rule['covers'] = (path) => /(?:^|\/)(?:package-lock\.json|\.npmrc)$/.test(path);
export const programCovers: Rule['covers'] = (path) =>
  !ownText(path) && (isCode(path) || /\.(?:sql|sh|css|html)$|^\.ci\//.test(path));

export function* checkFileLength(file: SourceFile): Iterable<Finding> {
  const count = lineCount(file);
  if (count > FILE_LINES_MAX) {
    const message = `${count} lines, the most is ${FILE_LINES_MAX}; split it by what its parts decide`;
    yield { at: file.text.length - 1, message };
  }
}

export function* checkFunctionLength(file: SourceFile): Iterable<Finding> {
  for (const { node } of file.nodes) {
    if (!FUNCTIONS.has(node.type)) continue;
    const count = file.lineAt(node.end - 1) - file.lineAt(node.start) + 1;
    if (count > FUNCTION_LINES_MAX) {
      const message = `a function of ${count} lines, the most is ${FUNCTION_LINES_MAX}; take a part out and name it`;
      yield { at: node.start, message };
    }
  }
}

export function* checkFileName(file: SourceFile): Iterable<Finding> {
  const parts = file.path.split('/').filter((part) => !part.startsWith('.'));
  const isTopLevel = parts.length === 1 && !isCode(file.path);
  if (isTopLevel) return;
  for (const part of parts) {
    if (!NAME.test(part) && !DOCUMENT.test(part)) {
      yield { at: 0, message: `names of files and folders are kebab-case: ${kebab(part)}` };
    }
  }
}

export function* checkMachinePaths(file: SourceFile): Iterable<Finding> {
  for (const match of file.text.matchAll(
    /(?<![\w.~$})\]])\/(?:root|home|Users|work|tmp|var\/(?:tmp|folders))\/\w[\w./-]*/g,
  )) {
    yield {
      at: match.index,
      message: `${match[0]} is a path of one machine; write it relative to the project`,
    };
  }
}

/** Whoever installs has a registry of their own; npm leaves it out with omit-lockfile-registry-resolved. */
export function* checkRegistries(file: SourceFile): Iterable<Finding> {
  for (const match of file.text.matchAll(
    /^\s*(?:"resolved"\s*:\s*"[\w+]+:\/\/.*|(?:@[\w-]+:)?registry\s*=.*|\/\/.*:_\w+\s*=.*)$/gim,
  )) {
    const at = match.index + match[0].search(/\S/);
    yield {
      at,
      message: 'names a registry, which is the business of the machine that installs; remove the line',
    };
  }
}

export function* checkLeftovers(file: SourceFile): Iterable<Finding> {
  for (const match of file.text.matchAll(/\b(?:TODO|FIXME|XXX|HACK)\b/g)) {
    yield {
      at: match.index,
      message: `${match[0]} is work left over; do it, or open an issue and remove it`,
    };
  }
}

export function* checkSuppressions(file: SourceFile): Iterable<Finding> {
  for (const match of file.text.matchAll(/@ts-(?:ignore|expect-error|nocheck)|\beslint-disable\b/g)) {
    yield { at: match.index, message: `${match[0]} hides a type error; correct the type` };
  }
  for (const match of file.text.matchAll(/\boxlint-disable\b.*/g)) {
    const isExplained = /^oxlint-disable-(?:next-)?line \S.* -- \S/.test(match[0]);
    if (!isExplained) {
      yield {
        at: match.index,
        message: 'name one line, the rule, and after ` -- ` why it does not apply here',
      };
    }
  }
}

/** The median of the lines of the product's files. */
export function medianLines(files: readonly SourceFile[]): number {
  const counts = files.filter((file) => isProduct(file.path)).map(lineCount);
  return counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
}

function lineCount(file: SourceFile): number {
  return file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
}

function kebab(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[^A-Za-z0-9.]+/g, '-')
    .toLowerCase();
}
