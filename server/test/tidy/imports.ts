/** Who may import whom. ARCHITECTURE.md has it as a table, which a test compares. */
import { dirname, join } from 'node:path/posix';
import type { Finding } from './rule.ts';
import { isNode, isTest, type SourceFile } from './source.ts';

export const MODULES = [
  'waiting-room',
  'catalogue',
  'seats',
  'reservations',
  'payments',
  'operator-log',
  'audit',
] as const;
const KITS = ['contract', 'platform', 'messaging', 'limits'] as const;

/** Zones and the zones that each may import, itself aside. A new folder of server/src is entered here. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  limits: [],
  platform: ['contract'],
  config: ['contract', 'platform'],
  messaging: ['contract', 'platform', 'limits'],
  ...Object.fromEntries(MODULES.map((name) => [name, KITS])),
  http: [...KITS, ...MODULES],
  composition: [...KITS, ...MODULES, 'http', 'config'],
  tools: [...KITS, ...MODULES, 'http', 'config', 'composition'],
};

/** From outside, these are entered by their index.ts only. */
const WITH_DOOR = new Set<string>(['messaging', ...MODULES]);
/** These may also take the routes.ts of a module, to mount it. */
const MAY_MOUNT = new Set(['http', 'composition']);
/** The files at the top of server/src put everything together; main.ts, service.ts, context.ts, roles.ts. */
const COMPOSITION = /^server\/src\/[^/]+\.ts$/;
/** The part of http that the routes of a module are written with. */
const HTTP_KIT = 'server/src/http/route.ts';
/** The driver's values and errors do not leave these folders. */
const DRIVER_HOMES = new Set(['platform', 'messaging']);

export function* checkImports(file: SourceFile): Iterable<Finding> {
  if (isTest(file.path)) return; // a test may look at anything
  const zone = zoneOf(file.path);
  if (zone === undefined) {
    yield {
      at: 0,
      message: 'belongs to no zone; put it into one, or enter a new one in server/test/tidy/imports.ts',
    };
    return;
  }
  for (const { at, specifier, isType } of importsOf(file)) {
    const target = targetOf(file.path, specifier);
    const message =
      target === undefined
        ? refusePackage(zone, specifier, isType)
        : refuseFile(file.path, zone, target, zoneOf(target));
    if (message !== undefined) yield { at, message };
  }
}

function refusePackage(zone: string, specifier: string, isType: boolean): string | undefined {
  if (zone === 'contract' && !/^typebox(?:\/|$)/.test(specifier)) {
    return `contract is shared with the web and imports nothing but typebox, not ${specifier}`;
  }
  if (specifier === 'pg' && !isType && !DRIVER_HOMES.has(zone) && zone !== 'tools') {
    return 'the driver is behind platform/postgres; use its Reader, Tx or Database';
  }
  return undefined;
}

function refuseFile(
  from: string,
  zone: string,
  target: string,
  targetZone: string | undefined,
): string | undefined {
  if (isTest(target)) return `only tests import tests; move what is shared out of ${target}`;
  if (targetZone === undefined) return `${target} belongs to no zone`;
  if (targetZone === zone) return undefined;
  if (from.endsWith('/routes.ts') && target === HTTP_KIT) return undefined;
  if (!MAY_IMPORT[zone]?.includes(targetZone)) {
    const instead = WITH_DOOR.has(targetZone)
      ? 'what it needs of it arrives as an event, or as a function that context.ts hands in'
      : 'let context.ts hand in what it needs';
    return `${zone} must not import ${targetZone}: ${instead}`;
  }
  const isDoor = target.endsWith('/index.ts') || (MAY_MOUNT.has(zone) && target.endsWith('/routes.ts'));
  if (WITH_DOOR.has(targetZone) && !isDoor) {
    return `${targetZone} is entered by its index.ts only; export what is needed there`;
  }
  return undefined;
}

function zoneOf(path: string): string | undefined {
  if (path.startsWith('contract/src/')) return 'contract';
  if (/^(?:scripts|bench|rehearsal)\/|^[^/]+\.config\.ts$/.test(path)) return 'tools';
  if (path === 'server/src/limits.ts') return 'limits';
  if (COMPOSITION.test(path)) return 'composition';
  const folder = /^server\/src\/([^/]+)\//.exec(path)?.[1];
  return folder !== undefined && folder in MAY_IMPORT ? folder : undefined;
}

/** The path of a file of the project; undefined for a package. */
function targetOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#contract/')) return join('contract/src', specifier.slice('#contract/'.length));
  return specifier.startsWith('.') ? join(dirname(from), specifier) : undefined;
}

interface Import {
  readonly at: number;
  readonly specifier: string;
  /** Gone at run time. */
  readonly isType: boolean;
}

/** `import`, `export … from`, `import()` and the type `import('…')`. */
export function importsOf(file: SourceFile): Import[] {
  return file.nodes.flatMap(({ node }) => {
    const { source } = node;
    if (!isNode(source) || typeof source['value'] !== 'string') return [];
    const isType =
      node.type === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type';
    return [{ at: node.start, specifier: source['value'], isType }];
  });
}
