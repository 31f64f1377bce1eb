/** A start that cannot go on: what is wrong, what the person who started it can do, and the exit code. */

/** Named as in sysexits.h where it has a fitting name. */
export const exitCodes = {
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  diskFull: 74,
  inUse: 75,
  otherVersion: 76,
  notPermitted: 77,
  configuration: 78,
} as const;

export class StartupRefusal extends Error {
  override name = 'StartupRefusal';
  readonly exitCode: number;
  readonly advice: string;

  constructor(message: string, options: { exitCode: number; advice: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode;
    this.advice = options.advice;
  }
}
