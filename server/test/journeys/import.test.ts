/**
 * Goal: a catalogue in a file becomes the catalogue of the service, once, whatever comes in between.
 * Method: the importer as the process that a person starts, against the real service; it is repeated, given a changed
 * file, refused, and killed in the middle. What counts is what the service then has, seat by seat.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogueFile } from '../../../scripts/catalogue/file.ts';
import { generateCatalogue } from '../../../scripts/catalogue/generate-catalogue.ts';
import { type Client, createClient } from '../support/client.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { importFile, startImport } from '../support/import-process.ts';
import { startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { createWorld, OPERATOR_TOKEN, type World } from '../support/world.ts';

const SEATS = 30_000;
const USAGE = 64;
const BAD_FILE = 65;
const UNAVAILABLE = 69;
const NOT_PERMITTED = 77;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

interface Page {
  readonly next: string | null;
}

async function all<Item>(client: Client, path: string, name: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '?limit=100' : `?limit=100&cursor=${cursor}`;
    const { body }: { body: Page & Record<string, unknown> } = await client.operator(
      'GET',
      `${path}${query}`,
    );
    items.push(...(body[name] as Item[]));
    cursor = body.next;
  }
  return items;
}

/** What the service has, as an operator and the public see it. */
async function census(client: Client) {
  const venues = await all<{ venueId: number }>(client, '/admin/venues', 'venues');
  const concerts = await all<{ concertId: number }>(client, '/concerts', 'concerts');
  const performances: { seatCount: number; remaining: number | null }[] = [];
  for (const { concertId } of concerts) {
    performances.push(
      ...(await all<(typeof performances)[number]>(
        client,
        `/concerts/${concertId}/performances`,
        'performances',
      )),
    );
  }
  const seats = performances.reduce((sum, performance) => sum + (performance.remaining ?? 0), 0);
  return { venues: venues.length, concerts: concerts.length, performances: performances.length, seats };
}

function sizeOf({ venues, concerts, performances }: CatalogueFile, seats: number) {
  return { venues: venues.length, concerts: concerts.length, performances: performances.length, seats };
}

describe('into a running service', () => {
  const file = generateCatalogue({ seats: SEATS, seed: 3, from: '2090-01-01' });
  let world: World;
  let client: Client;
  let env: Record<string, string>;
  let path: string;
  beforeAll(async () => {
    world = await createWorld();
    client = world.client();
    env = { OPERATOR_TOKEN };
    path = join(folder.path, 'catalogue.json');
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const url = () => ['--url', client.url];

  it('imports every venue, concert, performance and seat of a file', async () => {
    const imported = await importFile(path, file, env, ...url());
    expect(imported).toMatchObject({
      exitCode: 0,
      said: expect.stringContaining('All of the file is there.'),
    });
    expect(await census(client)).toEqual(sizeOf(file, SEATS));
  });

  it('importing it again adds nothing, and says so', async () => {
    const again = await importFile(path, file, env, ...url());
    expect(again.exitCode).toBe(0);
    const { performances } = sizeOf(file, SEATS);
    expect(again.said).toContain(`${performances} performances (${performances} before)`);
    expect(await census(client)).toEqual(sizeOf(file, SEATS));
  });

  it('generated files of other sizes are imported beside each other', async () => {
    const before = await census(client);
    const other = generateCatalogue({ seats: 2_000, seed: 3, from: '2090-01-01' });
    expect(await importFile(path, other, env, ...url())).toMatchObject({ exitCode: 0 });
    const { performances, seats } = await census(client);
    expect({ performances, seats }).toEqual({
      performances: before.performances + other.performances.length,
      seats: before.seats + 2_000,
    });
  });

  it('a performance that was changed under its old key is refused by name, and the new ones are imported', async () => {
    const [first, ...others] = file.performances;
    expect(first).toBeDefined();
    if (first === undefined) return;
    const prices = first.prices.map((price) => ({ ...price, priceKrw: price.priceKrw + 1_000 }));
    const added = { ...first, key: 'added' };
    const changed = { ...file, performances: [{ ...first, prices }, ...others, added] };
    const before = await census(client);
    const imported = await importFile(path, changed, env, ...url());
    expect(imported.exitCode).toBe(BAD_FILE);
    expect(imported.said).toContain(
      `/performances/0 ("${first.key}") differs from what was imported under this key`,
    );
    expect(imported.said).toContain('cannot say which field differs');
    expect(imported.said).toContain('Not all of the file is there. When what was refused is put right');
    const { performances } = await census(client);
    expect(performances).toBe(before.performances + 1);
  });

  it('when a venue is refused, nothing is put on sale', async () => {
    const before = await census(client);
    const venues = file.venues.map((venue) => ({ ...venue, city: '세종' }));
    const [first] = file.performances;
    const changed = { ...file, venues, performances: [{ ...first, key: 'never' }] };
    const imported = await importFile(path, changed, env, ...url());
    expect(imported.exitCode).toBe(BAD_FILE);
    for (const [index] of venues.entries()) expect(imported.said).toContain(`/venues/${index} `);
    expect(await census(client)).toEqual(before);
  });

  it('a file with mistakes is refused with all of them, before anything is sent', async () => {
    const before = await census(client);
    const unsold = Array.from({ length: 3_000 }, (_, index) => ({
      ...file.performances[0],
      key: `new${index}`,
      venue: 'nowhere',
      concert: 'nothing',
    }));
    const concerts = file.concerts.map((concert) => ({ ...concert, key: `${concert.key}-new` }));
    const text = JSON.stringify({ ...file, concerts, performances: unsold });
    await writeFile(path, text.replace('{', '{"venues":[],'));
    const imported = await startImport([path, ...url()], env).ended;
    expect(imported.exitCode).toBe(BAD_FILE);
    expect(imported.said.match(/^ {2}\/\S+/gm)).toEqual([
      '  /venues',
      ...unsold.flatMap((_, at) => [`  /performances/${at}/concert`, `  /performances/${at}/venue`]),
    ]);
    expect(imported.said).toContain('/performances/0/venue no venue');
    expect(imported.said).toContain('/performances/0/concert no concert');
    expect(await census(client)).toEqual(before);
  });

  it('a token that is not the operator’s is said to be so', async () => {
    const wrong = { OPERATOR_TOKEN: 'wrong-token-of-nobody-0123456789abcdef' };
    const imported = await importFile(path, file, wrong, ...url());
    expect(imported.exitCode).toBe(NOT_PERMITTED);
    expect(imported.said).toContain('does not know this operator token');
    expect(imported.said).toContain('has confirmed nothing of the file');
    expect(imported.said).not.toMatch(/\b0 (venues|seats|before)/);
    const none = await importFile(path, file, { DATA_DIR: folder.path }, ...url());
    expect(none).toMatchObject({
      exitCode: NOT_PERMITTED,
      said: expect.stringContaining('OPERATOR_TOKEN is not set'),
    });
  });

  it('a service that is not there is said to be so', async () => {
    const imported = await importFile(path, file, env, '--url', 'http://127.0.0.1:9');
    expect(imported).toMatchObject({
      exitCode: UNAVAILABLE,
      said: expect.stringContaining('http://127.0.0.1:9'),
    });
    expect(imported.said).toContain('has confirmed nothing of the file');
  });

  it('arguments that make no sense are told why, then how to use it', async () => {
    const { exitCode, said } = await startImport(['a.json', 'b.json'], env).ended;
    expect(exitCode).toBe(USAGE);
    expect(said).toMatch(/^one file is imported at a time; [^\n]*\n\nnpm run import -- FILE\.json/);
  });
});

describe('interrupted', { timeout: 90_000 }, () => {
  // Several times as many seats as an import has under way.
  const seats = 400_000;
  const file = generateCatalogue({ seats, seed: 1, from: '2090-01-01' });
  let path: string;
  beforeAll(async () => {
    path = join(folder.path, 'large.json');
    await writeFile(path, JSON.stringify(file));
  });

  it('killed in the middle, then stopped, the same command goes on, and nothing is there twice', async () => {
    await using world = await createWorld();
    const client = world.client();
    const start = () => startImport([path, '--url', client.url], { OPERATOR_TOKEN });

    const killed = start();
    await until('something is on sale', async () => (await census(client)).performances > 0);
    killed.process.kill('SIGKILL');
    expect((await killed.ended).exitCode).toBeNull();
    const half = await census(client);
    expect(half.performances).toBeLessThan(file.performances.length);

    const stopped = start();
    await until('it has gone on', async () => (await census(client)).performances > half.performances);
    stopped.process.kill('SIGINT');
    const { exitCode, said } = await stopped.ended;
    expect({ exitCode, said }).toEqual({
      exitCode: 130,
      said: expect.stringContaining('The same command goes on'),
    });

    expect(await start().ended).toMatchObject({ exitCode: 0 });
    expect(await census(client)).toEqual(sizeOf(file, seats));
  });

  it('where no service runs it starts one for the time; killed with it, the next one goes on', async () => {
    await using data = await temporaryFolder();
    const env = { DATA_DIR: data.path, PORT: '0', OPERATOR_TOKEN };
    const killed = startImport([path], env);
    const own = await until(
      'it says where its service is',
      () => /importing into (http:\S+), a service started for it/.exec(killed.said())?.[1],
      30_000,
    );
    const during = createClient(own, OPERATOR_TOKEN);
    await until('something is on sale', async () => (await census(during)).performances > 0);
    killed.process.kill('SIGKILL');
    await killed.ended;

    const again = await startImport([path], env).ended;
    expect(again).toMatchObject({ exitCode: 0, said: expect.stringContaining('All of the file is there.') });
    await using service = await startProcess(data.path);
    expect(await census(createClient(service.url, OPERATOR_TOKEN))).toEqual(sizeOf(file, seats));
  });
});
