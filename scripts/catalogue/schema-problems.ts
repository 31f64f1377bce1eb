/** What a schema says against a value, for people: every problem with its path, and what would be right. */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import type { FileProblem } from './read-file.ts';

/** Enough to mend a file by; one that has more of them has one mistake many times. */
const LISTED_MAX = 1_000;

export function schemaProblems(schema: TSchema, value: unknown): FileProblem[] {
  const check = Compile(schema);
  if (check.Check(value)) return [];
  return errorsOf(check, value).flatMap((error): FileProblem[] => {
    const { instancePath: path, keyword, schemaPath, params, message } = error;
    switch (keyword) {
      case 'required': {
        return params.requiredProperties.map((name) => ({ path: `${path}/${name}`, message: 'is missing' }));
      }
      case 'boolean': // said of each field that the format does not have
        return [{ path, message: 'is no field of this format; remove it' }];
      case 'additionalProperties': // said of those fields' object as well
        return [];
      case 'pattern':
        return [{ path, message: `must be ${descriptionAt(schema, schemaPath)}` }];
      default:
        return [{ path, message }];
    }
  });
}

/** The library's own bound is 8, and it is global. Nothing else is checked meanwhile. */
function errorsOf(check: ReturnType<typeof Compile<TSchema>>, value: unknown) {
  const before = Settings.Get().maxErrors;
  Settings.Set({ maxErrors: LISTED_MAX });
  try {
    return check.Errors(value);
  } finally {
    Settings.Set({ maxErrors: before });
  }
}

/** What the schema at `#/properties/venues/items/…` says it is. */
function descriptionAt(schema: TSchema, schemaPath: string): string {
  let at: unknown = schema;
  for (const name of schemaPath.split('/').slice(1)) {
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined;
  }
  const { description } = (at ?? {}) as { description?: string };
  return description ?? 'written as the format says';
}
