/** The problem registry, for whoever follows the `type` of an answer. */
import { problems, type ProblemCode, refused } from '#contract/problems.ts';
import Type from 'typebox';
import { type App, refusals, refuse } from './route.ts';

const ProblemPage = Type.Object({
  type: Type.String(),
  code: Type.String(),
  status: Type.Integer(),
  title: Type.String(),
  next: Type.String({ description: 'what to do now' }),
});

const tags = ['problems'];
const PUBLIC = 'public, max-age=3600';

export function problemPages(app: App): void {
  const pages = Object.keys(problems).map((code) => page(code as ProblemCode));

  app.get(
    '/problems',
    {
      schema: {
        tags,
        summary: 'Everything that the API can refuse',
        security: [],
        response: { 200: Type.Object({ problems: Type.Array(ProblemPage) }) },
      },
    },
    async (_request, reply) => reply.header('cache-control', PUBLIC).send({ problems: pages }),
  );

  app.get(
    '/problems/:code',
    {
      schema: {
        tags,
        summary: 'What a problem means and what to do',
        security: [],
        params: Type.Object({ code: Type.String({ maxLength: 60 }) }, { additionalProperties: false }),
        response: { 200: ProblemPage, ...refusals('route.not-found') },
      },
    },
    async (request, reply) => {
      const found = pages.find(({ code }) => code === request.params.code);
      if (found === undefined) return refuse(reply, refused('route.not-found'));
      return reply.header('cache-control', PUBLIC).send(found);
    },
  );
}

function page(code: ProblemCode) {
  return { type: `/problems/${code}`, code, ...problems[code] };
}
