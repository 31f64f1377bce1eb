/** A logger that writes nothing and remembers what was said at warn and above. */
import type { Logger } from '../../src/platform/logger.ts';

export interface LogRecorder {
  readonly logger: Logger;
  readonly lines: { level: 'warn' | 'error' | 'fatal'; text: string; fields: unknown }[];
}

export function createLogRecorder(): LogRecorder {
  const lines: LogRecorder['lines'] = [];
  const record =
    (level: 'warn' | 'error' | 'fatal') =>
    (fields: unknown, text?: string): void => {
      lines.push({ level, text: text ?? String(fields), fields });
    };
  const nothing = (): void => {};
  const logger: Logger = {
    level: 'warn',
    fatal: record('fatal'),
    error: record('error'),
    warn: record('warn'),
    info: nothing,
    debug: nothing,
    trace: nothing,
    silent: nothing,
    child: () => logger,
  };
  return { logger, lines };
}
