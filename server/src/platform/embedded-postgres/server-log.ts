/**
 * The server's own log, a file beside its data. The server writes it directly: a pipe to this process would end
 * with this process, and the server is to outlive it.
 */
import { copyFile, open, stat, truncate, type FileHandle } from 'node:fs/promises';

const MIB = 1024 * 1024;
const SIZE_MAX_BYTES = 16 * MIB;
const TAIL_BYTES_MAX = 4_096;

export interface ServerLog {
  readonly path: string;
  /** For the server's output. Always at the end of the file, wherever that is by then. */
  open(): Promise<FileHandle>;
  sizeBytes(): Promise<number>;
  /** The last lines after the position. */
  tail(fromBytes: number): Promise<string>;
  /** Moves a log that has grown large to `….1` and starts it anew; so two files is all there ever is. */
  trim(): Promise<void>;
}

export function createServerLog(path: string, sizeMaxBytes = SIZE_MAX_BYTES): ServerLog {
  const sizeBytes = () => {
    return stat(path).then(
      ({ size }) => size,
      () => 0,
    );
  };
  return {
    path,
    open: () => open(path, 'a', 0o600),
    sizeBytes,
    async tail(fromBytes) {
      const end = await sizeBytes();
      const start = Math.max(fromBytes, end - TAIL_BYTES_MAX, 0);
      if (end <= start) return '';
      await using file = await open(path, 'r');
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      return buffer.toString('utf8', 0, bytesRead);
    },
    async trim() {
      if ((await sizeBytes()) <= sizeMaxBytes) return;
      // Not renamed: the server would go on writing into the renamed file.
      await copyFile(path, `${path}.1`);
      await truncate(path);
    },
  };
}
