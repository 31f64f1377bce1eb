import Type from 'typebox';
import { Uuid } from '../ids.ts';

export const GuestAnswer = Type.Object(
  {
    userId: Uuid,
    accessToken: Type.String({
      description: 'send it as `Authorization: Bearer`. Whoever has it is this guest, so keep it',
    }),
  },
  { additionalProperties: false },
);
