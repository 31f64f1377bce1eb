/** Plays a tale against the service, holds what is answered against the model, and writes it down line by line. */
import { expectPromisesKept } from '../support/promises.ts';
import { until } from '../support/until.ts';
import type { World } from '../support/world.ts';
import { type Call, FANS, placeText, told as textOfCall } from './calls.ts';
import { isSettled, settled } from './choreography.ts';
import { type Command, type Known, knowNothing, learn, type Step, type Tale, toCall } from './commands.ts';
import { allowed, explain, textOf, type Told } from './explain.ts';
import { createMemory, type Memory } from './memory.ts';
import { perform, type Stage } from './perform.ts';
import { ORDER_MATTERED, SITUATIONS } from './situations.ts';
import { dueInMs, leaveStage, placesOf, setStage, settleStage } from './stage.ts';
import { distinct, newState, type State } from './state.ts';

const MINUTE_MS = 60_000;
/**
 * No deadline is ever met within some seconds, so that whatever a story really takes decides nothing: each time that
 * passes has so much more than whole minutes, and of what happens at different times no two are as far into a minute.
 */
const BEYOND_MS = 15_000;
const LATER_MAX = 3;
/** How long after a deadline it is looked at what has come of it. */
const PAST_MS = 1_000;
/** A story made by chance ends there on a busy machine: there are others. */
const CHANCE_MAX_MS = 8_000;
/** One that is always told is told to its end, for what happens in it must happen. */
const TOLD_MAX_MS = 60_000;

export class Untrue extends Error {
  override name = 'Untrue';
  /** How many steps were taken. */
  readonly played: number;

  constructor(message: string, played: number, options: ErrorOptions) {
    super(message, options);
    this.played = played;
  }
}

interface Story {
  readonly world: World;
  readonly stage: Stage;
  readonly known: Known;
  readonly memory: Memory;
  readonly lines: string[];
  readonly happened: Set<string>;
  /** What may be so by now. */
  states: State[];
  later: number;
}

export interface Telling {
  readonly tale: Tale;
  /** Made by chance, or always told. */
  readonly by: 'chance' | 'us';
  /** Counts what has happened. */
  readonly happened: Map<string, number>;
}

/** Fails with the whole story when something is not as the model allows. */
export async function play(world: World, { tale, by, happened }: Telling): Promise<void> {
  const story: Story = {
    world,
    stage: await setStage(world, tale.capacity),
    known: knowNothing(FANS.length),
    memory: createMemory(),
    lines: [`A room for ${tale.capacity}.`],
    happened: new Set(),
    states: [newState(tale.capacity)],
    later: 0,
  };
  const startedMs = performance.now();
  let played = 0;
  try {
    for (const step of tale.steps) {
      const tookMs = performance.now() - startedMs;
      if (by === 'chance' && tookMs > CHANCE_MAX_MS) break;
      if (tookMs > TOLD_MAX_MS) throw new Error('the machine is too slow to judge the service');
      played++;
      await take(story, step);
    }
    await end(story);
    for (const each of story.happened) happened.set(each, (happened.get(each) ?? 0) + 1);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Untrue(`${story.lines.join('\n')}\n${why}`, played, { cause: error });
  } finally {
    await leaveStage(story.stage);
  }
}

interface Sent {
  readonly call: Call;
  readonly instance: number;
}

async function take(story: Story, step: Step): Promise<void> {
  switch (step.kind) {
    case 'later':
      return passTime(story, step.minutes);
    case 'notice':
      return notice(story);
    case 'hurry':
      await send(story, callsOf(story, [step.command]));
      return;
    case 'one':
      return sendAndSettle(story, callsOf(story, [step.command]));
    case 'together': {
      const sent = callsOf(story, step.commands);
      const [first] = sent;
      const again = step.twice && first !== undefined ? [{ ...first, instance: 1 - first.instance }] : [];
      return sendAndSettle(story, [...sent, ...again].slice(0, 3));
    }
  }
}

function callsOf({ known }: Story, commands: readonly Command[]): Sent[] {
  const sent: Sent[] = [];
  for (const command of commands) {
    const call = toCall(command, known);
    if (call === undefined) continue;
    known.sent.push(call);
    sent.push({ call, instance: command.instance });
  }
  return sent;
}

async function sendAndSettle(story: Story, sent: readonly Sent[]): Promise<void> {
  if (sent.length === 0) return;
  await send(story, sent);
  await settle(story);
}

async function settle(story: Story): Promise<void> {
  if (story.states.every(isSettled)) return;
  await settleStage(story.world, story.stage);
  story.memory.passed(story.states);
  story.memory.settled();
  move(story, distinct(story.states.map(settled)), []);
}

/** All at once; what is answered must be explained by some order. */
async function send(story: Story, sent: readonly Sent[]): Promise<void> {
  const { stage, states, memory } = story;
  const before = [...states];
  const startedMs = performance.now();
  const answers = await Promise.all(sent.map(({ call, instance }) => perform(stage, call, instance)));
  const together = sent.map(({ call, instance }, index): Told => {
    const answer = answers[index] ?? { status: 0 };
    return { call, answer, seen: memory.of(instance, before, startedMs, sent) };
  });
  for (const [index, { call, answer }] of together.entries()) {
    const text = `${textOfCall(call)}, at ${sent[index]?.instance} → ${textOf(answer)}`;
    write(story, text, index > 0 ? '&' : undefined);
    learn(story.known, call, answer);
  }
  const explained = explain(before, together);
  if (explained.states.length === 0) throw new Error(unexplained(before, together));
  if (explained.orders < explained.ordersMax) story.happened.add(ORDER_MATTERED);
  const answered = sent.map((each, index) => ({ ...each, answer: answers[index] ?? { status: 0 } }));
  memory.looked(answered, performance.now());
  memory.passed(before);
  move(story, explained.states, together);
}

function write({ lines }: Story, text: string, mark = `${lines.length}.`): void {
  lines.push(`${mark.padEnd(4)}${text}`);
}

function unexplained(before: readonly State[], together: readonly Told[]): string {
  const each = together.map(
    (told) => `  ${textOfCall(told.call)}: ${allowed(before, told).join('\n    or ') || 'nothing yet'}`,
  );
  const alone =
    together.length > 1 ? 'No order of these explains the answers. Alone, each' : 'Here the model';
  return [`${alone} would have been answered:`, ...each].join('\n');
}

/** On to what may be so now, noting what has happened on the way. */
function move(story: Story, after: State[], told: readonly Told[]): void {
  const [before] = story.states;
  const [next] = after;
  story.states = after;
  if (before === undefined || next === undefined) return;
  for (const [situation, holds] of Object.entries(SITUATIONS)) {
    if (holds({ before, after: next, told })) story.happened.add(situation);
  }
}

/**
 * Time passes from deadline to deadline of what is to be paid: who ends it looks back from now, and would not look for
 * deadlines that have been moved far behind it.
 */
async function passTime(story: Story, minutes: number): Promise<void> {
  if (story.later >= LATER_MAX) return;
  story.later++;
  await settle(story);
  write(story, `${minutes} min later`);
  for (let leftMs = minutes * MINUTE_MS + BEYOND_MS; leftMs > 0;) {
    const dueMs = Math.min(...story.states.flatMap(dueTimes)) + PAST_MS;
    const isDue = dueMs <= leftMs;
    const ms = isDue ? dueMs : leftMs;
    await story.world.advance(isDue ? (await dueInMs(story.world, story.stage)) + PAST_MS : ms);
    story.memory.passed(story.states);
    const passed = story.states.map((state) => ({ ...state, nowMs: state.nowMs + ms }));
    move(story, passed, []);
    await settle(story);
    leftMs -= ms;
  }
}

/** In how long each payment lapses. */
function dueTimes({ payments, holds, nowMs }: State): number[] {
  const due = Object.keys(payments).filter((name) => payments[name]?.state === 'DUE');
  return due.map((name) => (holds[name]?.expiresMs ?? nowMs) - nowMs);
}

/** Until both instances say of everybody whose place is over that it is: from then on they remember nothing else. */
async function notice(story: Story): Promise<void> {
  await settle(story);
  const [state] = story.states;
  const over = state?.places.filter((place) => place.state !== 'WAITING' && place.state !== 'ACTIVE') ?? [];
  const calls = over.flatMap((place) =>
    [0, 1].map((instance) => ({ place, call: { do: 'stand', fan: place.fan, place } as const, instance })),
  );
  for (const { place, call, instance } of calls) {
    await until(`${placeText(place)} is over at ${instance}`, async () => {
      const answer = await perform(story.stage, call, instance);
      return answer['state'] === place.state;
    });
    story.memory.forget(instance, place);
  }
  write(story, 'both instances have noticed whose turn is over');
}

/** Everybody looks at everything, and the tables are held against the promises. */
async function end(story: Story): Promise<void> {
  await settle(story);
  const lists = ['listReservations', 'wallet', 'entries', 'payments', 'tickets'] as const;
  const reads: Call[] = FANS.flatMap((_, fan) => lists.map((list): Call => ({ do: list, fan })));
  const all: Call[] = [...reads, { do: 'findRoom' }, { do: 'sales', show: 0 }];
  const sent = all.map((call, index) => ({ call, instance: index % 2 }));
  const answers = await Promise.all(sent.map(({ call, instance }) => perform(story.stage, call, instance)));
  for (const [index, { call, instance }] of sent.entries()) {
    const answer = answers[index] ?? { status: 0 };
    const seen = story.memory.of(instance, story.states, performance.now(), []);
    const explained = explain(story.states, [{ call, answer, seen }]);
    if (explained.states.length === 0) {
      story.lines.push(`In the end ${textOfCall(call)}, at ${instance} → ${textOf(answer)}`);
      throw new Error(unexplained(story.states, [{ call, answer, seen }]));
    }
    story.states = explained.states;
  }
  const recorded = (await placesOf(story.world, story.stage)).join(', ');
  const right = story.states.map((state) =>
    state.places
      .map(({ room, number, state: is }) => `${room}/${number} ${is}`)
      .toSorted()
      .join(', '),
  );
  if (!right.includes(recorded))
    throw new Error(`In the end the places are ${recorded}\n  not ${right.join('\n  or ')}`);
  await expectPromisesKept(story.world);
}
