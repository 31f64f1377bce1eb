/** What a report says of how it was made. */
import { cpus, totalmem } from 'node:os';

export interface Setting {
  readonly startedAt: string;
  /** Which service, such as where it listens. */
  readonly where: string;
  /** How people were let in. */
  readonly room: string;
  /** What to type to have the same again. */
  readonly command: string;
  readonly machine: string;
  /** What is in the service from now on. */
  readonly stays: string;
}

export function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown'}, ${memory} GiB, Node ${process.version}`;
}
