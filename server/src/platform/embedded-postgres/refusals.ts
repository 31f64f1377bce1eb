/** Every reason for which the embedded PostgreSQL does not start, in words for the person at the terminal. */
import { exitCodes, StartupRefusal } from '../startup-refusal.ts';

const ELSEWHERE = 'or set DATABASE_URL to use a PostgreSQL of your own';

export function unsupportedPlatform(platform: string): StartupRefusal {
  return new StartupRefusal(`There is no embedded PostgreSQL for ${platform}.`, {
    exitCode: exitCodes.unavailable,
    advice: `Run Frontrow on Linux or macOS (x64 or arm64), in WSL 2 or in a container, ${ELSEWHERE}.`,
  });
}

export function binariesMissing(platform: string, looked: string): StartupRefusal {
  return new StartupRefusal(`The PostgreSQL binaries for ${platform} are not installed (${looked}).`, {
    exitCode: exitCodes.unavailable,
    advice: `Run \`npm ci\` on this machine with optional dependencies (not --omit=optional), ${ELSEWHERE}.`,
  });
}

export function binariesCannotRun(binary: string, detail: string, cause?: unknown): StartupRefusal {
  return new StartupRefusal(`${binary} cannot run on this system: ${detail}`, {
    exitCode: exitCodes.unavailable,
    advice:
      'The binaries need glibc on Linux (so not Alpine) and a file system without "noexec". ' +
      `Run Frontrow where they work, ${ELSEWHERE}.`,
    cause,
  });
}

export function inUse(folder: string): StartupRefusal {
  return new StartupRefusal(`The data directory ${folder} is in use by another Frontrow.`, {
    exitCode: exitCodes.inUse,
    advice: `Stop the other one, set DATA_DIR to another folder, ${ELSEWHERE} (several instances can share that).`,
  });
}

export function otherVersion(dataDir: string, found: string, ours: number): StartupRefusal {
  return new StartupRefusal(`${dataDir} belongs to PostgreSQL ${found}; this Frontrow brings ${ours}.`, {
    exitCode: exitCodes.otherVersion,
    advice:
      `Nothing was changed. Start the Frontrow that brings PostgreSQL ${found}, write the data out with pg_dump, ` +
      'and load them into a new DATA_DIR with this one; or set DATA_DIR to another folder.',
  });
}

export function foreignFolder(path: string): StartupRefusal {
  return new StartupRefusal(`${path} exists, but it is not a data directory that Frontrow made.`, {
    exitCode: exitCodes.cannotCreate,
    advice: `Nothing was changed. Move it away, set DATA_DIR to another folder, ${ELSEWHERE}.`,
  });
}

function notAFolder(path: string): StartupRefusal {
  return new StartupRefusal(`The data directory ${path} is not a folder.`, {
    exitCode: exitCodes.cannotCreate,
    advice: 'Set DATA_DIR to a folder, or to a path where one can be made.',
  });
}

export function notWritable(path: string, cause: unknown): StartupRefusal {
  return new StartupRefusal(`${path} cannot be written: ${messageOf(cause)}.`, {
    exitCode: exitCodes.cannotCreate,
    advice: `Make DATA_DIR a folder that this user can write (after a start as root: chown -R it), ${ELSEWHERE}.`,
    cause,
  });
}

export function dataGone(link: string, target: string): StartupRefusal {
  return new StartupRefusal(`The data were kept in ${target}, and are not there any more.`, {
    exitCode: exitCodes.cannotCreate,
    advice: `Put them back, or, to start with an empty database, remove the link ${link}.`,
  });
}

export function outOfReach(dataDir: string, user: string): StartupRefusal {
  return new StartupRefusal(`As root the server runs as ${user}, who cannot reach the data in ${dataDir}.`, {
    exitCode: exitCodes.notPermitted,
    advice: `Let others pass through its parent folders (chmod o+x), move it, ${ELSEWHERE}.`,
  });
}

export function noUserToRunAs(detail: string, cause?: unknown): StartupRefusal {
  return new StartupRefusal(`PostgreSQL does not run as root, and ${detail}.`, {
    exitCode: exitCodes.notPermitted,
    advice: `Start Frontrow as a user who is not root, ${ELSEWHERE}.`,
    cause,
  });
}

export function diskFull(path: string, detail: string, cause?: unknown): StartupRefusal {
  return new StartupRefusal(`The disk of ${path} is full: ${detail}.`, {
    exitCode: exitCodes.diskFull,
    advice: `Free some space, set DATA_DIR to a folder on another disk, ${ELSEWHERE}.`,
    cause,
  });
}

export function didNotStart(what: string, lastLines: string, logFile?: string): StartupRefusal {
  return new StartupRefusal(`${what}. Its last lines:\n${lastLines.trim() || '(none)'}`, {
    exitCode: exitCodes.software,
    advice: `${logFile === undefined ? '' : `Read ${logFile}. `}If it cannot be put right, set DATA_DIR to another folder, ${ELSEWHERE}.`,
  });
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EINVAL']);

/** Runs what touches `path`, and says what a failing file system means for it. */
export async function refusing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = errnoOf(error);
    if (FULL.has(code)) throw diskFull(path, messageOf(error), error);
    if (NOT_WRITABLE.has(code)) throw notWritable(path, error);
    if (code === 'ENOTDIR' || code === 'EEXIST') throw notAFolder(path);
    throw error;
  }
}

export function errnoOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
