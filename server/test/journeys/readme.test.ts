/**
 * Goal: the walk in the README works as printed, in both languages.
 * Method: the block is taken out of the document and given to bash, against a fresh start with the demo.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

let folder: TemporaryFolder;
let service: ServiceProcess;
beforeAll(async () => {
  folder = await temporaryFolder();
  service = await startProcess(folder.path, { DEMO_CATALOGUE: 'auto' });
  await until('the demo catalogue is on sale', async () => {
    const answer = await fetch(`${service.url}/api/v1/concerts?q=Indie`);
    const { concerts } = (await answer.json()) as { concerts: { concertId: number }[] };
    const [concert] = concerts;
    if (concert === undefined) return false;
    const dates = await fetch(`${service.url}/api/v1/concerts/${concert.concertId}/performances?limit=1`);
    const { performances } = (await dates.json()) as { performances: { remaining: number | null }[] };
    return performances[0]?.remaining === 50;
  });
}, 60_000);
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function walkOf(document: string): Promise<string> {
  const text = await readFile(new URL(`../../../${document}`, import.meta.url), 'utf8');
  const block = /<!-- begin walk -->\n```sh\n([\s\S]*?)```\n<!-- end walk -->/.exec(text)?.[1];
  if (block === undefined) throw new Error(`${document} has no walk`);
  return block;
}

it.each([
  ['README.md', [17, 18]],
  ['README.ko.md', [19, 20]],
])('%s: its curl walk buys two tickets', async (document, seats) => {
  // The second run takes other seats, as the text tells its reader to.
  const script = (await walkOf(document)).replace('[17,18]', `[${seats.join(',')}]`);
  const { stdout } = await promisify(execFile)('bash', ['-c', script], {
    env: { PATH: process.env['PATH'], API: `${service.url}/api/v1` },
  });
  expect(stdout).toContain('"state":"ACTIVE"');
  expect(stdout).toMatch(/"seats":\[1,2,3,/);
  expect(stdout).toContain('"amount":200000,"balance":200000');
  expect(stdout).toContain('"status":"HELD"');
  expect(stdout).toContain('"status":"PAID"');
  expect(stdout).toContain('"status":"CONFIRMED"');
  for (const seat of seats) expect(stdout).toContain(`"seat":${seat},"code":"`);
});
