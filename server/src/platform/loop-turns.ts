/**
 * Long work in parts: each part is given a turn of the event loop of its own, in order, and between two of them
 * everybody else is answered. Parts that wait for nothing would follow one another at once.
 */
export function createLoopTurns(): () => Promise<void> {
  let last = Promise.resolve();
  return () => {
    last = last.then(() => new Promise((turn) => setImmediate(turn)));
    return last;
  };
}
