/** Of two members with one name JSON.parse keeps the last and says nothing: half of what was meant would be lost. */

interface Level {
  /** Undefined in an array. */
  readonly names: Set<string> | undefined;
  /** Where we are in it, as the pointer says it. */
  at: string | number;
  /** In an object: whether a name comes next, not a value. */
  isName: boolean;
}

/** The JSON pointers of members whose name their object has already had. The text must be valid JSON. */
export function* findRepeatedNames(text: string): Generator<string> {
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at++) {
    const level = levels.at(-1);
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfString(text, at);
        if (level?.names !== undefined && level.isName) {
          level.at = JSON.parse(text.slice(at, end + 1)) as string;
          if (level.names.has(level.at)) yield pointerOf(levels);
          level.names.add(level.at);
          level.isName = false;
        }
        at = end;
        break;
      }
      case 0x2c: // ,
        if (typeof level?.at === 'number') level.at += 1;
        else if (level !== undefined) level.isName = true;
        break;
      case 0x5b: // [
        levels.push({ names: undefined, at: 0, isName: false });
        break;
      case 0x7b: // {
        levels.push({ names: new Set(), at: '', isName: true });
        break;
      case 0x5d: // ]
      case 0x7d: // }
        levels.pop();
        break;
      default:
    }
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
}

/** RFC 6901. */
function pointerOf(levels: readonly Level[]): string {
  return levels.map(({ at }) => `/${String(at).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
