/** Ends the process with a clear last word. A refusal says what to do; anything else is a bug with its stack. */
import { StartupRefusal } from './platform/startup-refusal.ts';

export function fail(error: unknown): void {
  const text =
    error instanceof StartupRefusal
      ? `Frontrow did not start: ${error.message}\n${error.advice}\n`
      : `Frontrow stopped: ${error instanceof Error ? error.stack : String(error)}\n`;
  process.stderr.write(text);
  process.exitCode = error instanceof StartupRefusal ? error.exitCode : 1;
}
