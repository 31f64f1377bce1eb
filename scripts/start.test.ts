import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const start = fileURLToPath(new URL('start.mjs', import.meta.url));

it('tells somebody with an older Node what to do', () => {
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } })`;
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(older)}`];
  const { status, stderr } = spawnSync(process.execPath, [...flags, start], { encoding: 'utf8' });
  expect(stderr).toContain('needs Node 26; this is Node 20.11.0');
  expect(stderr).toContain('npm rebuild node');
  expect(stderr).not.toContain('    at ');
  expect(status).toBe(69);
});
