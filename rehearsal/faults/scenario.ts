/** A fault: what is done to a sale that is under way, and what must hold all the same. */
import type { Chance } from '../../scripts/support/random.ts';
import type { Stage, Wishes } from './stage.ts';
import type { ToolName, Tools } from './tools.ts';

export interface Scenario {
  /** As on the command line. */
  readonly name: string;
  /** One sentence each. */
  readonly does: string;
  readonly mustHold: string;
  readonly needs: readonly ToolName[];
  /** About how long, so that people come until after it. */
  readonly lastsMs: number;
  readonly stage?: (tools: Tools) => Wishes;
  /** Before anybody comes. */
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** Disturbs, and has healed what it disturbed when it ends, however it ends. */
  readonly disturb: (play: Play) => Promise<void>;
  /** Problems by which fans are turned away under this fault, and which break no promise. */
  readonly turnsAway?: readonly string[];
  /** Answers are lost by intent: it is the checker of histories that is tried, and has to find it. */
  readonly mustBeCaught?: boolean;
}

export interface Play {
  readonly stage: Stage;
  readonly performanceId: number;
  readonly chance: Chance;
  /** The fault lasts; ends early, with an error, when the run is broken off. */
  last(ms: number): Promise<void>;
  /** The same until something is true, at most so long; gives how long it took. */
  until(what: string, isTrue: () => Promise<boolean> | boolean, maxMs: number): Promise<number>;
  /** For the table: something that was seen, in a few words. */
  note(text: string): void;
}
