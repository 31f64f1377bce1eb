/** An address of PostgreSQL's, behind which servers come and go. */
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';

const socketIn = (folder: string) => join(folder, '.s.PGSQL.5432');

/** Hands each connection on to where the server is at that moment; there may be none. */
export async function forward(
  folder: string,
  target: () => ClientConfig | undefined,
): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const listener = createServer((near) => {
    const to = target();
    const far = to && connect(socketIn(to.host ?? ''));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      if (one === undefined) continue;
      sockets.add(one);
      one.on('error', () => {}); // followed by its end
      one.on('close', () => {
        sockets.delete(one);
        other?.destroy();
      });
    }
    if (far === undefined) near.destroy();
    else near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => listener.listen(socketIn(folder), resolve));
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
