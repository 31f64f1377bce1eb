import { describe, expect, test } from 'vitest';
import { mapFormFor } from './map-form.ts';

const BINARY = 'application/vnd.frontrow.seat-map';

describe('the form of a map', () => {
  test.each([
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['application/json', 'json'],
    ['text/html', 'json'],
    ['text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', 'json'],
    [BINARY, 'binary'],
    [BINARY.toUpperCase(), 'binary'],
    [` ${BINARY} ; q=0.5 `, 'binary'],
    [`${BINARY}, application/json`, 'binary'],
    [`application/json, ${BINARY}`, 'binary'],
    [`${BINARY}, */*;q=0.1`, 'binary'],
    [`${BINARY}, */*`, 'binary'],
    [`${BINARY};q=0.4, application/json;q=0.5`, 'json'],
    [`${BINARY};q=0.5, application/json;q=0.4`, 'binary'],
    [`${BINARY};q=0.5, application/*`, 'json'],
    [`${BINARY};q=0.5, application/json;q=0.1, */*`, 'binary'],
    [`${BINARY};q=0`, 'json'],
    [`${BINARY};q=high`, 'json'],
    [`${BINARY};q=2`, 'json'],
    [`${BINARY};q=0.0001`, 'json'],
    [`${BINARY};charset=utf-8;q=0.3, application/json;q=0.2`, 'binary'],
    ['application/vnd.frontrow.seat-map2', 'json'],
  ])('for Accept %j is %s', (accept, type) => {
    expect(mapFormFor({ accept }).type).toBe(type);
  });

  test.each([
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['gzip, deflate, br, zstd', true],
    ['br;q=1.0, gzip;q=0.8, *;q=0.1', true],
    ['GZIP', true],
    ['*', true],
    ['gzip;q=0', false],
    ['gzip;q=0.000', false],
    ['*, gzip;q=0', false],
    ['identity', false],
    ['br', false],
  ])('for Accept-Encoding %j is in gzip: %s', (encoding, gzip) => {
    expect(mapFormFor({ 'accept-encoding': encoding }).gzip).toBe(gzip);
  });
});
