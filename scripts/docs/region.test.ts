import { expect, test } from 'vitest';
import { replaceRegion } from './region.ts';

const BEGIN = '<!-- begin colours: written by `npm run write-docs` -->';
const END = '<!-- end colours -->';

test('replaces what is between the marks and nothing else', () => {
  const text = `# Title\n\n${BEGIN}\nold\n${END}\n\nThe end.\n`;
  expect(replaceRegion(text, 'colours', '\nred\n\n')).toBe(
    `# Title\n\n${BEGIN}\n\nred\n\n${END}\n\nThe end.\n`,
  );
});

test('writing again changes nothing', () => {
  const once = replaceRegion(`${BEGIN}${END}`, 'colours', 'red');
  expect(replaceRegion(once, 'colours', 'red')).toBe(once);
});

test('a region of another command is marked with that one', () => {
  const mark = '<!-- begin colours: written by `npm run paint` -->';
  const text = `${mark}${END}`;
  expect(replaceRegion(text, 'colours', 'red', 'npm run paint')).toBe(`${mark}\n\nred\n\n${END}`);
  expect(() => replaceRegion(text, 'colours', 'red')).toThrow(/the document has one region `colours`/);
});

test.each([
  ['no region', '# Title'],
  ['no end', BEGIN],
  ['the end before the beginning', `${END}${BEGIN}`],
  ['two regions', `${BEGIN}${END}${BEGIN}${END}`],
  ['another region', '<!-- begin shapes: written by `npm run write-docs` --><!-- end shapes -->'],
])('%s is refused', (_, text) => {
  expect(() => replaceRegion(text, 'colours', 'red')).toThrow(/the document has one region `colours`/);
});
