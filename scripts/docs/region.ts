/** A part of a document that is written by a program; what stands around it is written by people. */
import assert from 'node:assert/strict';

const WRITE_DOCS = 'npm run write-docs';

const begin = (region: string, command: string) => `<!-- begin ${region}: written by \`${command}\` -->`;
const end = (region: string) => `<!-- end ${region} -->`;

/** The document with the region's content replaced. The command is the one that writes it, as its mark says. */
export function replaceRegion(text: string, region: string, content: string, command = WRITE_DOCS): string {
  const mark = begin(region, command);
  const [before, ...rest] = text.split(mark);
  const [old, ...after] = rest.join(mark).split(end(region));
  assert(
    rest.length === 1 && after.length === 1 && old !== undefined,
    `the document has one region \`${region}\`: a line ${mark} and below it a line ${end(region)}`,
  );
  return `${before}${mark}\n\n${content.trim()}\n\n${end(region)}${after[0]}`;
}
