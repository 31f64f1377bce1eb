import type { ActionNote, OperatorCall } from '#contract/http/operator.ts';
import { roomAnswer } from './answer.ts';
import type { RoomView } from './room.ts';

/** What the operator's log keeps of a room that was made or changed: as everybody could see it, before and after. */
export function noteOf(before: RoomView | undefined, after: RoomView, call: OperatorCall): ActionNote {
  return {
    action: before === undefined ? 'room.create' : 'room.change',
    subject: after.room,
    before: before === undefined ? null : roomAnswer(before),
    after: roomAnswer(after),
    call,
  };
}
