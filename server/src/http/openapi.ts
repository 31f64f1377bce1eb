/** The API document, made from the schemas that the routes themselves check with, and a page to browse it. */
import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { SecurityScheme } from './identity/accounts.ts';
import { type App, Problem } from './route.ts';

const DESCRIPTION = `Join the line, wait for your turn, hold seats, pay, own the tickets.

Holding seats, paying, charging the wallet, and creating a concert, a performance or a venue need an
\`Idempotency-Key\`: repeat the request with the same key and body, and it has its effect once. Other POSTs take none:
joining a line twice gives the same place, but a repeated \`POST /api/v1/guests\` makes a second guest. Amounts are whole Korean won. Refusals are RFC 9457 problems; each says what
to do next, and GET /problems lists them.`;

const TAGS = [
  { name: 'account', description: 'Who you are' },
  { name: 'queue', description: 'The line: join, stand, be let in' },
  { name: 'catalogue', description: 'What is on sale' },
  { name: 'seats', description: 'Which seats are free' },
  { name: 'reservations', description: 'Held seats and what became of them' },
  { name: 'payments', description: 'Paying from the balance' },
  { name: 'wallet', description: 'The balance' },
  { name: 'tickets', description: 'What is scanned at the door' },
  { name: 'operator', description: 'The organiser’s desk' },
  { name: 'problems', description: 'What the API refuses' },
  { name: 'health', description: 'For the machines that look after this one' },
];

/** The page of swagger-ui runs its own scripts and styles, and talks to this server only. */
const PAGE_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Before any route is registered: it learns them as they come. */
export async function describeRoutes(app: App, account: SecurityScheme): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Frontrow', version: '1', description: DESCRIPTION },
      tags: TAGS,
      components: {
        securitySchemes: {
          account,
          queueToken: bearer('The `token` of POST /api/v1/queue/tokens.'),
          operator: bearer('The operator token that the service printed at its first start.'),
        },
        schemas: { Problem: { ...Problem } },
      },
    },
    transformObject: (document) => {
      return 'openapiObject' in document ? sharing(document.openapiObject) : document.swaggerObject;
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: 'Frontrow' },
    uiConfig: { deepLinking: true, persistAuthorization: false },
    staticCSP: PAGE_CSP,
  });
}

/** Within the API's prefix. */
export function openApiRoute(app: App): void {
  let text: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply
      .header('cache-control', 'public, max-age=60')
      .type('application/json; charset=utf-8')
      .send(text);
  });
}

type Transform = NonNullable<FastifyDynamicSwaggerOptions['transformObject']>;
type OpenApi = Extract<Parameters<Transform>[0], { openapiObject: unknown }>['openapiObject'];
type Operation = NonNullable<NonNullable<NonNullable<OpenApi['paths']>[string]>['get']>;

const PROBLEM = {
  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
};

/** Problems are the same everywhere: named once, and what every operation may answer. */
function sharing(document: OpenApi): OpenApi {
  for (const path of Object.values(document.paths ?? {})) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const operation = path?.[method];
      if (operation === undefined) continue;
      requireKey(operation);
      const { responses } = operation;
      if (responses === undefined) continue;
      for (const response of Object.values(responses)) {
        if (response !== undefined && 'content' in response && PROBLEM_TYPE in (response.content ?? {})) {
          response.content = PROBLEM;
        }
      }
      responses['default'] ??= { description: 'Any other problem; `code` says which.', content: PROBLEM };
    }
  }
  return document;
}

/** For the routes it is optional, so that a missing one is refused with a problem of its own. */
function requireKey({ parameters = [] }: Operation): void {
  for (const parameter of parameters) {
    if ('name' in parameter && parameter.name === 'idempotency-key') parameter.required = true;
  }
}

const PROBLEM_TYPE = 'application/problem+json';

function bearer(description: string): SecurityScheme {
  return { type: 'http', scheme: 'bearer', description };
}
