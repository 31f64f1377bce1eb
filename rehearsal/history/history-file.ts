/** A history as a file: a line of JSON for what was promised, and one for each operation. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { History, Operation } from './operation.ts';
import { FORMAT, headCheck, operationCheck } from './schemas.ts';

const LINES_AT_ONCE = 5_000;
/** A million operations or so. */
const FILE_BYTES_MAX = 1024 ** 3;
/** All reservations of one person, and more. */
const LINE_LENGTH_MAX = 1024 ** 2;

/** What is in the file is no history. */
export class BadHistory extends Error {
  override name = 'BadHistory';
}

export async function saveHistory(path: string, { operations, ...promised }: History): Promise<void> {
  await using file = await open(path, 'w');
  await file.write(`${JSON.stringify({ format: FORMAT, count: operations.length, ...promised })}\n`);
  for (let from = 0; from < operations.length; from += LINES_AT_ONCE) {
    const lines = operations.slice(from, from + LINES_AT_ONCE).map((operation) => JSON.stringify(operation));
    await file.write(`${lines.join('\n')}\n`);
  }
}

export async function loadHistory(path: string): Promise<History> {
  const lines = linesOf(path);
  const first = await lines.next();
  const head: unknown = first.done === true ? undefined : parse(first.value, 1);
  if (!headCheck.Check(head)) throw new BadHistory(`the first line must be that of a ${FORMAT}`);
  const { format: _, count, ...promised } = head;
  const operations: Operation[] = [];
  for await (const line of lines) {
    const number = operations.length + 2;
    const operation = parse(line, number);
    if (!isOperation(operation)) throw new BadHistory(`line ${number} is no operation${reasonOf(operation)}`);
    if (operation.id !== operations.length) {
      throw new BadHistory(
        `line ${number} has the operation ${operation.id} instead of ${operations.length}`,
      );
    }
    operations.push(operation);
  }
  if (operations.length !== count) {
    throw new BadHistory(`of ${count} operations only ${operations.length} are there: the file is cut off`);
  }
  return { ...promised, operations };
}

function isOperation(value: unknown): value is Operation {
  if (!operationCheck.Check(value)) return false;
  const { sentMs, answeredMs } = value as Operation;
  return sentMs <= answeredMs;
}

function reasonOf(value: unknown): string {
  const what =
    typeof value === 'object' && value !== null && 'what' in value ? String(value.what) : undefined;
  return what === undefined ? '' : ` that could be a "${what.slice(0, 20)}"`;
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new BadHistory(`line ${number} is not JSON, or is cut off`);
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  let [rest, bytes] = ['', 0];
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: LINE_LENGTH_MAX })) {
    bytes += (chunk as string).length;
    if (bytes > FILE_BYTES_MAX) throw new BadHistory(`it is larger than ${FILE_BYTES_MAX} bytes`);
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > LINE_LENGTH_MAX)
      throw new BadHistory(`it has a line of more than ${LINE_LENGTH_MAX} bytes`);
  }
  if (rest !== '') yield rest;
}
