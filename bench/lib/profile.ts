/** What a service's one thread did, by kinds of work: from samples of its stack, as Node's inspector gives them. */
import { table } from './page.ts';

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** From 0. */
      readonly lineNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds, from the sample before. */
  readonly timeDeltas: readonly number[];
}

type Node = CpuProfile['nodes'][number];

const SENDING = 'sending to clients';
const OF_NODE = "Node's own: HTTP, streams, timers, promises";

/** The first that fits the function, or the nearest of those that called it, says what it was for. */
const KINDS: readonly (readonly [string, RegExp])[] = [
  ['waiting for something to do', /^\(idle\)/],
  ['collecting garbage', /^\(garbage collector\)/],
  ['below JavaScript: the parser of HTTP, libuv, the kernel, for clients and for PostgreSQL', /^\(program\)/],
  ['sending to PostgreSQL, and taking its answers in', /node_modules\/pg|pg-pool|pg-protocol|send-together/],
  ['values to parameters', /platform\/postgres\/(?:parameters|binary-arrays)/],
  ['transactions', /src\/platform\/postgres\//],
  ['the log and its readers', /src\/messaging\//],
  ['metrics', /prom-client|platform\/metrics/],
  ['payments', /src\/payments\//],
  ['reservations', /src\/reservations\//],
  ['the waiting room', /src\/waiting-room\//],
  ['seats', /src\/seats\//],
  ['who is at the door: tokens', /http\/identity|http\/bearer|http\/door|signed-token|short-mac/],
  ['ids and fingerprints', /platform\/identifiers/],
  ['HTTP, what is ours', /src\/http\//],
  ['Fastify: routes, hooks, checks, answers as JSON', /fastify|find-my-way|fast-json-stringify/],
  [SENDING, /^write(?:v|Utf8String|Latin1String|Buffer) /],
  [OF_NODE, /node:/],
];
const OF_ANY_SOCKET = new Set([SENDING, OF_NODE]);
const OTHER = 'anything else';
const FUNCTIONS_SHOWN = 12;

/** What was sampled, and while what was done. */
export interface Chapter {
  readonly title: string;
  readonly profile: CpuProfile;
}

/** Lines of a page: one chapter for each load that was sampled, in order. */
export function profilesPage(chapters: readonly Chapter[]): string[] {
  return chapters.flatMap(({ title, profile }) => [`## ${title}`, '', ...profileLines(profile), '']);
}

/** How much of the time went into each kind of work, and into single functions. */
function profileLines(profile: CpuProfile): string[] {
  const { nodes } = profile;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node])));
  const kinds = new Map<string, number>();
  const functions = new Map<string, number>();
  let total = 0;
  for (const [index, id] of profile.samples.entries()) {
    const node = byId.get(id);
    // The first sample comes when the profiler itself has begun, which takes some tenths of a second.
    if (node === undefined || index === 0) continue;
    const us = profile.timeDeltas[index] ?? 0;
    total += us;
    add(kinds, kindOf(node, callers), us);
    add(functions, nameOf(node), us);
  }
  const rows = (times: ReadonlyMap<string, number>, count: number) =>
    [...times]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([name, us]) => [name, `${((100 * us) / total).toFixed(1)} %`]);
  return [
    `${(total / 1e6).toFixed(1)} s of the service's thread:`,
    '',
    ...table(['what it did', 'share of the time'], rows(kinds, kinds.size)),
    '',
    ...table(['function, without what it calls', 'share of the time'], rows(functions, FUNCTIONS_SHOWN)),
  ];
}

function kindOf(node: Node, callers: ReadonlyMap<number, Node>): string {
  for (let at: Node | undefined = node; at !== undefined; at = callers.get(at.id)) {
    const text = `${at.callFrame.functionName} ${at.callFrame.url}`;
    const kind = KINDS.find(([, pattern]) => pattern.test(text));
    if (kind !== undefined && !(OF_ANY_SOCKET.has(kind[0]) && isForDatabase(at, callers))) return kind[0];
  }
  return OTHER;
}

/** A write is the same function for whoever it is meant for. */
function isForDatabase(node: Node, callers: ReadonlyMap<number, Node>): boolean {
  for (let at = callers.get(node.id); at !== undefined; at = callers.get(at.id))
    if (/node_modules\/pg|send-together/.test(at.callFrame.url)) return true;
  return false;
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: Node): string {
  if (url === '') return functionName === '' ? 'a function of V8' : functionName;
  const file = url.replace(/^.*\/(?:node_modules|server)\//, '');
  return `${functionName === '' ? 'a function' : functionName}, ${file}:${lineNumber + 1}`;
}

function add(times: Map<string, number>, name: string, us: number): void {
  times.set(name, (times.get(name) ?? 0) + us);
}
