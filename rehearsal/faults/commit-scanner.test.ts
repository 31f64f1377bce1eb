import { expect, test } from 'vitest';
import { createCommitScanner } from './commit-scanner.ts';

const startup = Buffer.concat([int32(8 + 5), int32(196_608), Buffer.from('user\0')]);
const query = (text: string) => message('Q', Buffer.from(`${text}\0`));
const parse = (text: string) => message('P', Buffer.from(`name\0${text}\0\0\0`));

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function message(type: string, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(4 + payload.length), payload]);
}

function countIn(bytes: Buffer, pieceBytes: number): number {
  const scanner = createCommitScanner();
  let commits = 0;
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    commits += scanner.push(bytes.subarray(at, at + pieceBytes));
  }
  return commits;
}

const session = Buffer.concat([
  startup,
  query('begin'),
  parse('select 1'),
  message('S', Buffer.alloc(0)),
  query('commit'),
  parse('COMMIT;'),
  message('X', Buffer.alloc(0)),
]);

test.each([1, 2, 3, 5, 7, 64, 10_000])('COMMIT is found in pieces of %d bytes', (pieceBytes) => {
  expect(countIn(session, pieceBytes)).toBe(2);
});

test('a statement that only speaks of it is none', () => {
  const talk = [
    query("select 'commit'"),
    query('commit prepared x'),
    message('B', Buffer.from('commit\0')),
    query(`${' '.repeat(100)}commit`),
  ];
  expect(countIn(Buffer.concat([startup, ...talk]), 4)).toBe(0);
});
