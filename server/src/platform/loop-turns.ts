/** Turns of the event loop: work that is spread over several, and work that is gathered in one. */

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

/** Takes what comes; all that came in one turn is worked on at its end, as a set, however much it is. */
export function gatherByTurn<Item>(work: (set: readonly Item[]) => void): (item: Item) => void {
  let gathered: Item[] = [];
  function workOnAll(): void {
    const set = gathered;
    gathered = [];
    work(set);
  }
  return (item) => {
    if (gathered.push(item) === 1) setImmediate(workOnAll);
  };
}
