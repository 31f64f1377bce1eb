import { expect, it } from 'vitest';
import { systemClock } from '../server/src/platform/clock.ts';
import { createOperator } from './operator.ts';
import type { Message } from './crowd/exchange.ts';
import { closeRoom } from './target.ts';
import { leavingsOf } from './leavings.ts';
import type { Rehearsal } from './rehearse.ts';

const rehearsal = {
  target: { performanceId: 7, room: 'rehearsal-1' },
  stories: [
    { userId: 'a', seats: 2 },
    { userId: '', seats: 0 },
  ],
} as unknown as Rehearsal;

it('the line of a rehearsal is closed at its end, also when the first try is not answered', async () => {
  const sent: Message[] = [];
  const exchange = {
    instances: 1,
    send: async (_instance: number, message: Message) => {
      sent.push(message);
      return { status: sent.length === 1 ? 503 : 200, headers: {}, text: '{}' };
    },
    [Symbol.dispose]: () => {},
  };
  const operator = createOperator(exchange, 'token', systemClock, new AbortController().signal);
  expect(await closeRoom('rehearsal-1', operator)).toBe(true);
  const closing = { method: 'PATCH', path: '/admin/queue/rooms/rehearsal-1', body: { state: 'CLOSED' } };
  expect(sent).toMatchObject([closing, closing]);
});

it('what stays is said, and what could not be closed', () => {
  expect(leavingsOf(rehearsal, { isClosed: true })).toBe(
    '1 guest accounts with play money, and 2 seats that they bought; the concert of performance 7, ' +
      'whose line rehearsal-1 is closed, and whose sale ends by itself within hours',
  );
  expect(leavingsOf(rehearsal, { isClosed: false })).toContain('could not be closed');
  expect(leavingsOf(rehearsal, undefined)).toMatch(/seats that they bought of performance 7/);
});
