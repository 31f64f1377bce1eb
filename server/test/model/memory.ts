/**
 * What the instances may remember: what was so a moment ago, and whose places they were asked about within a second, or let in
 * as they joined.
 */
import type { Call } from './calls.ts';
import type { Seen } from './outcome.ts';
import { placeKey } from './perform.ts';
import { type Answer, distinct, type PlaceName, type State } from './state.ts';

/** A line is told as it was 200 ms ago, a map 250 ms: so much of what was before everything settled may still be told. */
const MOMENT_MS = 350;
/** A turn, a second. */
const TURN_MS = 1_100;

interface Sent {
  readonly call: Call;
  readonly instance: number;
}

export interface Memory {
  /** Of the instance, for one of these calls that were sent at the time. */
  of(instance: number, now: readonly State[], startedMs: number, together: readonly Sent[]): Seen;
  /** These states are past. Until everything has settled, nobody knows how long a busy machine goes on telling them. */
  passed(states: readonly State[]): void;
  /** Every instance knows what there is. */
  settled(): void;
  /** These were answered. */
  looked(sent: readonly (Sent & { readonly answer: Answer })[], atMs: number): void;
  forget(instance: number, place: PlaceName): void;
}

export function createMemory(): Memory {
  let past: { untilMs: number; readonly states: readonly State[] }[] = [];
  const looks = new Map<string, number>();
  const keyOf = (instance: number, place: PlaceName) => `${instance} ${placeKey(place)}`;

  return {
    of: (instance, now, startedMs, together) => ({
      past: distinct([
        ...now,
        ...past.filter(({ untilMs }) => untilMs > startedMs - MOMENT_MS).flatMap(({ states }) => states),
      ]),
      remembers: (place) => {
        const isAsked = ({ call, instance: at }: Sent) =>
          at === instance && 'place' in call && placeKey(call.place) === placeKey(place);
        if (together.length > 1 && together.filter(isAsked).length > 1) return true;
        return (looks.get(keyOf(instance, place)) ?? Number.NEGATIVE_INFINITY) > startedMs - TURN_MS;
      },
    }),
    passed: (states) => {
      past.push({ untilMs: Number.POSITIVE_INFINITY, states });
    },
    settled: () => {
      const nowMs = performance.now();
      past = past.filter(({ untilMs }) => untilMs > nowMs - MOMENT_MS);
      for (const each of past) each.untilMs = Math.min(each.untilMs, nowMs);
    },
    looked: (sent, atMs) => {
      for (const { call, instance, answer } of sent) {
        if (call.do === 'join' && answer.status === 201 && answer['state'] === 'ACTIVE') {
          looks.set(keyOf(instance, { room: call.room, number: Number(answer['number']) }), atMs);
        }
        if (!('place' in call)) continue;
        // Whoever leaves is over there at once, unless somebody looked in the same moment.
        if (call.do === 'leave' && sent.length === 1) looks.delete(keyOf(instance, call.place));
        else looks.set(keyOf(instance, call.place), atMs);
      }
    },
    forget: (instance, place) => looks.delete(keyOf(instance, place)),
  };
}
