/** Which form of the map a request gets (RFC 9110, 12.5): what it prefers, and JSON for whatever we do not know. */
import { type MapForm, SEAT_MAP_TYPE } from './seat-map.ts';

interface Preferences {
  readonly accept?: string | undefined;
  readonly 'accept-encoding'?: string | undefined;
}

export function mapFormFor(headers: Preferences): MapForm {
  const types = qualitiesOf(headers.accept);
  const encodings = qualitiesOf(headers['accept-encoding']);
  const forAnyType = types.get('application/*') ?? types.get('*/*') ?? 0;
  // Only who names it gets it; who names both alike wants the smaller.
  const binary = types.get(SEAT_MAP_TYPE) ?? 0;
  const json = types.get('application/json') ?? forAnyType;
  return {
    type: binary > 0 && binary >= json ? 'binary' : 'json',
    gzip: (encodings.get('gzip') ?? encodings.get('*') ?? 0) > 0,
  };
}

/** The members of such a list in lower case, each with its q: 1 where there is none, 0 where it makes no sense. */
function qualitiesOf(list = ''): Map<string, number> {
  return new Map(
    list.split(',').map((member) => {
      const [name = '', ...parameters] = member.toLowerCase().split(';');
      const q = parameters.map((parameter) => /^\s*q=(.*)$/.exec(parameter)?.[1]?.trim());
      const given = q.find((value) => value !== undefined) ?? '1';
      return [name.trim(), /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(given) ? Number(given) : 0];
    }),
  );
}
