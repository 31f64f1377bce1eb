/** A part of a document that is written by a program; what stands around it is written by people. */
import assert from 'node:assert/strict';

const begin = (region: string) => `<!-- begin ${region}: written by \`npm run write-docs\` -->`;
const end = (region: string) => `<!-- end ${region} -->`;

/** The document with the region's content replaced. */
export function replaceRegion(text: string, region: string, content: string): string {
  const [before, ...rest] = text.split(begin(region));
  const [old, ...after] = rest.join(begin(region)).split(end(region));
  assert(
    rest.length === 1 && after.length === 1 && old !== undefined,
    `the document has one region \`${region}\`: a line ${begin(region)} and below it a line ${end(region)}`,
  );
  return `${before}${begin(region)}\n\n${content.trim()}\n\n${end(region)}${after[0]}`;
}
