/** From bytes to a value, or to what is wrong with them. Nothing of a file is believed yet. */
import { open } from 'node:fs/promises';
import { FILE_BYTES_MAX } from './file.ts';
import type { FileProblem, Problems } from './problems.ts';
import { findRepeatedNames } from './repeated-names.ts';

/** What stands there twice is looked for when somebody asks; the value has the last of it. */
export type ReadFile = { readonly value: unknown; readonly repeated: Iterable<FileProblem> } | Problems;

/** Never more than the bound is read, whatever the file says of its size: a device or a pipe says nothing. */
export async function readCatalogueFile(path: string, bytesMax: number = FILE_BYTES_MAX): Promise<ReadFile> {
  let bytes: Buffer;
  try {
    bytes = await readUntilOver(path, bytesMax);
  } catch (error) {
    return wrong(`cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  return bytes.length > bytesMax
    ? wrong(`is larger than ${bytesMax} bytes; divide it, each part with the venues that it names`)
    : parseCatalogue(bytes);
}

export function parseCatalogue(bytes: Uint8Array): ReadFile {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return wrong('is not UTF-8; save it in that encoding');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return wrong(`is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  const message = 'stands there twice; remove one of them';
  return { value, repeated: findRepeatedNames(text).map((path) => ({ path, message })) };
}

function wrong(message: string): ReadFile {
  return { problems: [{ path: '', message }], unlisted: 0 };
}

/** All of it, or, when it is over the bound, a little more than the bound. */
async function readUntilOver(path: string, bytesMax: number): Promise<Buffer> {
  await using file = await open(path, 'r');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > bytesMax) break;
  }
  return Buffer.concat(chunks);
}
