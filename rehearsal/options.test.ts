import { describe, expect, it } from 'vitest';
import { commandOf, HELP, type OnsaleOptions, readOptions } from './options.ts';

const USUAL = readOptions([]) as OnsaleOptions;

describe('what is said to the rehearsal', () => {
  it('without anything: 5,000 fans for 2,000 seats of a performance of its own', () => {
    expect(USUAL).toMatchObject({
      fans: 5_000,
      seed: 1,
      urls: [],
      target: { kind: 'own', seats: 2_000, ratePerS: 10, capacity: 300 },
    });
  });

  it('names a performance, instances, a curve and a mix', () => {
    const args =
      '--performance 7 --url http://127.0.0.1:3000 --url http://127.0.0.1:3001/ --curve waves:3:60';
    expect(readOptions([...args.split(' '), '--mix', 'never-pays=25,reloads=0'])).toMatchObject({
      target: { kind: 'given', performanceId: 7 },
      urls: ['http://127.0.0.1:3000', 'http://127.0.0.1:3001'],
      curve: { kind: 'waves', count: 3, overS: 60 },
      mix: { 'never-pays': 25, reloads: 0, 'clicks-twice': USUAL.mix['clicks-twice'] },
    });
  });

  it.each([
    ['--fans', '0', '--fans must be a whole number from 1 to 100000; "0" is not'],
    ['--fans', 'many', '--fans must be a whole number'],
    ['--fans', '1e3', '--fans must be a whole number'],
    ['--seats', '200001', '--seats must be a whole number from 1 to 200000'],
    ['--seats-each', '5', '--seats-each must be a whole number from 1 to 4'],
    ['--rate', '0', '--rate must be'],
    ['--capacity', '', '--capacity must be'],
    ['--seed', '-1', "'--seed' argument is ambiguous"],
    ['--curve', 'ramp', '--curve must be at-once, ramp:SECONDS or waves:COUNT:SECONDS'],
    ['--curve', 'waves:0:10', '--curve must be'],
    ['--curve', 'ramp:0', '--curve must be'],
    ['--think', 'fast', '--think must be a factor'],
    ['--mix', 'never-pays=101', '--mix must be such as never-pays=10'],
    ['--mix', 'dances=10', '"dances=10" is not. There are changes-mind, never-pays'],
    ['--mix', 'reloads=1,reloads=2', '"reloads=2" is not'],
    ['--url', '127.0.0.1:3000', '--url must be such as http://127.0.0.1:3000'],
    ['--url', 'http://127.0.0.1:3000/api', '--url must be'],
    ['--hold-seconds', '4', '--hold-seconds must be a whole number from 5 to 3600'],
    ['--report', '', '--report must be the name of a file'],
    ['--history', '', '--history must be the name of a file'],
    ['--force', '', "Unknown option '--force'"],
  ])('%s %s is refused, and it is said why', (name, value, why) => {
    const read = readOptions([name, value]);
    expect(read).toEqual({ wrong: expect.stringContaining(why) });
  });

  it.each(['--help', '-h'])('%s asks how to use it', (flag) => {
    expect(readOptions([flag])).toBe('help');
    expect(HELP).toMatch(/^npm run onsale /);
  });

  it.each(['--seats', '--rate', '--capacity'])('%s is not for a performance that there is', (name) => {
    expect(readOptions(['--performance', '1', name, '10'])).toEqual({
      wrong: expect.stringContaining(`${name} is for a performance of the rehearsal’s own`),
    });
  });

  it('how long seats are held is not for a service that runs already', () => {
    expect(readOptions(['--url', 'http://127.0.0.1:3000', '--hold-seconds', '10'])).toEqual({
      wrong: expect.stringContaining('--hold-seconds is for a service of the rehearsal’s own'),
    });
  });

  it('whose the database is is not said of a service that runs already', () => {
    expect(USUAL.ownDatabase).toBe(false);
    expect(readOptions(['--url', 'http://127.0.0.1:3000', '--own-database'])).toEqual({
      wrong: expect.stringContaining('--own-database is for a service of the rehearsal’s own'),
    });
  });

  it.each([
    [],
    ['--own-database'],
    ['--performance', '3', '--url', 'http://127.0.0.1:3000', '--curve', 'at-once'],
    [
      '--seats',
      '60',
      '--hold-seconds',
      '8',
      '--curve',
      'waves:2:10',
      '--mix',
      'reloads=99',
      '--think',
      '0.25',
    ],
  ])('can be said again from what was read: %j', (...args) => {
    const options = readOptions(args) as OnsaleOptions;
    const [, ...again] = commandOf(options).split(' -- ');
    expect(readOptions(again.join(' ').split(' '))).toEqual(options);
  });
});
