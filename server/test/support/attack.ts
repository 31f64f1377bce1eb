/** Attacks on the service, and what every answer to one must be like. */
import { type ProblemCode, problems } from '#contract/problems.ts';
import { expect } from 'vitest';
import type { RawAnswer, RawClient, RawRequest } from './raw-request.ts';
import { tableFingerprints } from './table-fingerprints.ts';
import type { World } from './world.ts';

export interface Attack {
  readonly what: string;
  readonly request: RawRequest;
  /** What it may be refused with. */
  readonly codes: readonly ProblemCode[];
}

/** Words of programs and databases. None of the registry's texts has them. */
const LEAK =
  /\b(?:select|insert into|delete from|update) \w|node_modules|\.ts\b|\bat \S+ \(|postgres|\bpg[_-]|sqlstate|DatabaseFault|\bconstraint\b|syntax error|undefined|\[object/i;

/** How many attacks were made so far, so that a test can say that there were enough. */
export interface Tally {
  attacks: number;
}

/** Sends them all; fails with everything that was let through, crashed something or told too much. */
export async function expectAllRefused(
  client: RawClient,
  attacks: readonly Attack[],
  secrets: readonly string[],
  tally: Tally,
): Promise<void> {
  const faults = await Promise.all(
    attacks.map(async (attack) => {
      const answer = await client.send(attack.request).catch((error: unknown) => String(error));
      const fault = typeof answer === 'string' ? answer : faultOf(answer, attack.codes, secrets);
      return (
        fault && `${attack.request.method} ${attack.request.path.slice(0, 120)}: ${attack.what}: ${fault}`
      );
    }),
  );
  tally.attacks += attacks.length;
  expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
}

/** What is wrong with the answer to an attack. */
function faultOf(answer: RawAnswer, codes: readonly ProblemCode[], secrets: readonly string[]) {
  const said = `${answer.status} ${answer.text.slice(0, 300)}`;
  if (!String(answer.headers['content-type']).startsWith('application/problem+json'))
    return `no problem: ${said}`;
  const { code, status, requestId } = JSON.parse(answer.text) as Record<string, unknown>;
  if (!isCode(code) || problems[code].status !== answer.status || status !== answer.status) {
    return `not as the registry has it: ${said}`;
  }
  if (answer.status >= 500 || !codes.includes(code)) return `not ${codes.join(' or ')}: ${said}`;
  if (typeof requestId !== 'string') return `no requestId: ${said}`;
  if (answer.status === 401 && answer.headers['www-authenticate'] !== 'Bearer')
    return `no challenge: ${said}`;
  const whole = `${JSON.stringify(answer.headers)} ${answer.text}`;
  const leaked = LEAK.exec(whole)?.[0] ?? secrets.find((secret) => whole.includes(secret));
  return leaked === undefined ? undefined : `tells ${leaked}: ${said}`;
}

function isCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(problems, code);
}

/** Runs the attacks and expects every table to hold what it held before, and the log to have nothing to report. */
export async function expectNoEffect(
  world: World,
  secrets: readonly string[],
  attacks: () => Promise<void>,
): Promise<void> {
  await world.settle();
  const [before, lines] = [await tableFingerprints(world.db.database), world.log.lines.length];
  expect(Object.keys(before).length).toBeGreaterThanOrEqual(17);
  await attacks();
  await world.settle();
  expect(await tableFingerprints(world.db.database)).toEqual(before);
  const said = JSON.stringify(
    world.log.lines.slice(lines).filter((line) => line.text !== 'an answer was slow'),
  );
  expect(said, 'what the service logged').toBe('[]');
  expect(secrets.filter((secret) => JSON.stringify(world.log.lines).includes(secret))).toEqual([]);
}
