import { describe, expect, it } from 'vitest';
import { createRecorder } from './recorder.ts';

const PROMISED = { room: 'main', performanceId: 1, holdTtlMs: 1_000, takenBefore: [] };
const LEAVING = {
  userId: 'a',
  device: 0,
  instance: 1,
  what: 'leave',
  asked: { room: 'main' },
  key: null,
  isFinal: false,
} as const;

describe('a recorder', () => {
  it('takes down when something was asked and answered, in the order in which it was sent', () => {
    let nowMs = 10;
    const recorder = createRecorder({ monotonicMs: () => nowMs++ });
    const first = recorder.begin(LEAVING);
    const second = recorder.begin({ ...LEAVING, userId: 'b' });
    second.end({ status: 204, outcome: 'ok', told: null });
    first.end({ status: 409, outcome: 'refused', problem: 'queue.room-closed' });
    expect(recorder.history(PROMISED).operations).toMatchObject([
      { id: 0, userId: 'a', sentMs: 10, answeredMs: 13, status: 409, outcome: 'refused' },
      { id: 1, userId: 'b', sentMs: 11, answeredMs: 12, status: 204, outcome: 'ok', told: null },
    ]);
  });

  it('says of what was never answered that nobody knows, up to the moment of asking', () => {
    let nowMs = 10;
    const recorder = createRecorder({ monotonicMs: () => nowMs });
    const asked = recorder.begin(LEAVING);
    nowMs = 90;
    const unknown = { sentMs: 10, answeredMs: 90, status: 0, outcome: 'unknown' };
    expect(recorder.history(PROMISED).operations).toMatchObject([unknown]);
    asked.end({ status: 204, outcome: 'ok', told: null });
    expect(recorder.history(PROMISED).operations).toMatchObject([{ outcome: 'ok' }]);
  });

  it('does not let anything be answered twice', () => {
    const asked = createRecorder({ monotonicMs: () => 0 }).begin(LEAVING);
    asked.end({ status: 204, outcome: 'ok', told: null });
    expect(() => asked.end({ status: 204, outcome: 'ok', told: null })).toThrow('request 0 is ended once');
  });
});
