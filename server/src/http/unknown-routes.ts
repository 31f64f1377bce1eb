/** What has no route: 405 and `Allow` where the path takes other methods, 404 elsewhere. */
import { refused } from '#contract/problems.ts';
import { type App, refuse } from './route.ts';

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Before any route is registered: it learns them as they come. */
export function answerUnknownRoutes(app: App): void {
  const paths = new Map<string, KnownPath>();

  app.addHook('onRoute', ({ url, method }) => {
    const known = paths.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    paths.set(url, known);
    for (const each of [method].flat()) known.methods.add(each);
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const matching = [...paths.values()].filter(({ pattern }) => pattern.test(path));
    if (matching.length === 0) return refuse(reply, refused('route.not-found'));
    const allowed = new Set(matching.flatMap(({ methods }) => [...methods]));
    // A known path and method that still end up here are a plugin's "there is nothing here".
    if (allowed.has(request.method)) return refuse(reply, refused('route.not-found'));
    void reply.header('allow', [...allowed].toSorted().join(', '));
    return refuse(reply, refused('route.method-not-allowed'));
  });
}

/** `/concerts/:id` as an expression; each parameter is one segment. */
function patternOf(url: string): RegExp {
  const segments = url.split('/').map((segment) => {
    if (segment.startsWith(':')) return '[^/]+';
    return segment === '*' ? '.*' : RegExp.escape(segment);
  });
  return new RegExp(`^${segments.join('/')}$`);
}
