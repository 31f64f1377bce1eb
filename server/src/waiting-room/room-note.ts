import type { ActionNote, OperatorCall } from '#contract/http/operator.ts';
import type { RoomView } from './room.ts';

interface Changed {
  readonly before: RoomView | undefined;
  readonly after: RoomView;
  /** From then on the room went by it; the entry itself is written a moment later. */
  readonly at: string;
}

/** What the operator's log keeps of a room that was made or changed: what the organiser decides, before and after. */
export function noteOf({ before, after, at }: Changed, call: OperatorCall): ActionNote {
  return {
    action: before === undefined ? 'room.create' : 'room.change',
    subject: after.room,
    before: before === undefined ? null : termsOf(before),
    after: { ...termsOf(after), at },
    call,
  };
}

/** And of a room that goes on in its next epoch. */
export function epochNoteOf(before: RoomView, after: RoomView, call: OperatorCall): ActionNote {
  return {
    action: 'room.new-epoch',
    subject: after.room,
    before: epochOf(before),
    after: epochOf(after),
    call,
  };
}

function epochOf({ epoch, epochStarts }: RoomView) {
  return { epoch, firstNumber: epochStarts.at(-1) };
}

function termsOf({ state, opensAt, policy }: RoomView) {
  const { rateCount, rateWindowMs, capacity } = policy;
  return { state, opensAt, rateCount, rateWindowMs, capacity };
}
