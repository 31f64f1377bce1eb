/**
 * Reads a body more strictly than JSON.parse: what two readers could understand differently is refused.
 *
 * Refused are: text that is not UTF-8, a byte order mark, a name that stands twice in one object, deep nesting,
 * names that reach for prototypes, and strings that PostgreSQL cannot store (U+0000, lone surrogates).
 */
import type { FastifyRequest } from 'fastify';
import { limits } from '../limits.ts';
import { type App, invalidRequest, Refused } from './route.ts';

/** The only media type there is. A charset other than UTF-8 would be another one. */
const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

export function readJsonBodies(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, bytes, done) => {
      try {
        const encoding = request.headers['content-encoding'] ?? 'identity';
        if (!JSON_TYPE.test(request.headers['content-type'] ?? '') || encoding !== 'identity') {
          throw new Refused('request.unsupported-media-type');
        }
        // Nothing at all is checked as null, so that a route may allow it: Type.Union([Body, Type.Null()]).
        done(null, bytes.length === 0 ? undefined : parseJson(bytes as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws a `Refused` for whatever is not plain, unambiguous JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw notJson('is not UTF-8');
  }
  const { members, depth } = measure(text);
  if (depth > limits.http.jsonDepthMax) throw notJson('is nested too deeply');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notJson('is not JSON');
  }
  // Of two members with one name, JSON.parse keeps the last: fewer were read than were written.
  if (countMembers(value) !== members) throw notJson('names a field twice');
  return value;
}

/** Outside of strings, valid JSON has exactly one colon for each member. */
function measure(text: string): { members: number; depth: number } {
  let members = 0;
  let depth = 0;
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x3a: // :
        members++;
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth = Math.max(depth, ++open);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        open--;
        break;
      default:
    }
  }
  return { members, depth };
}

/** Where the string that begins here ends; the end of the text if it does not. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== 0x22) {
    at += text.charCodeAt(at) === 0x5c ? 2 : 1; // a backslash takes the next character with it
  }
  return at;
}

/** Refuses names and strings that nobody sends by accident. The depth is bounded already. */
function countMembers(value: unknown): number {
  if (typeof value === 'string') {
    refuseUnstorable(value);
    return 0;
  }
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countMembers(item), 0);
  let members = 0;
  for (const [name, field] of Object.entries(value)) {
    if (name === '__proto__' || name === 'constructor' || name === 'prototype') {
      throw notJson('has a field with a forbidden name');
    }
    refuseUnstorable(name);
    members += 1 + countMembers(field);
  }
  return members;
}

function refuseUnstorable(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) throw notJson('has a character that cannot be stored');
}

function notJson(message: string): Refused {
  return invalidRequest({ in: 'body', path: '', message: `the body ${message}` });
}
