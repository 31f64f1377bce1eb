/** All parts of the suite, in the order in which they run. */
import type { Part } from './lib/part.ts';
import { arena } from './parts/arena.ts';
import { audit } from './parts/audit.ts';
import { flat } from './parts/flat.ts';
import { holds } from './parts/holds.ts';
import { hot } from './parts/hot.ts';
import { importing } from './parts/import.ts';
import { joins } from './parts/joins.ts';
import { latency } from './parts/latency.ts';
import { maps } from './parts/maps.ts';
import { million } from './parts/million.ts';
import { polls } from './parts/polls.ts';
import { purchases } from './parts/purchases.ts';
import { streams } from './parts/streams.ts';

/** What `npm run bench` runs: everything that the table promises. */
export const parts: Readonly<Record<string, Part>> = {
  holds,
  hot,
  purchases,
  arena,
  latency,
  joins,
  polls,
  maps,
  streams,
  flat,
};

/** What is measured only when it is named: it takes long, and promises no speed of a request. */
export const more: Readonly<Record<string, Part>> = { million, import: importing, audit };
