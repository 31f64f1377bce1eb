/** The operator's side of a rehearsal: it looks at the sale while it runs, and asks for the audit at its end. */
import type { Clock } from '../server/src/platform/clock.ts';
import type { Exchange } from './crowd/exchange.ts';

type Method = 'GET' | 'POST' | 'PATCH';
type Body = Readonly<Record<string, unknown>>;

export interface OperatorAnswer {
  /** 0: nothing was answered. */
  readonly status: number;
  readonly body: Body;
}

export interface Operator {
  /** One try. */
  ask(method: Method, path: string, body?: object): Promise<OperatorAnswer>;
  /** Until it is answered with something else than a 5xx, at any of the instances, or the time is over. */
  insist(
    method: Method,
    path: string,
    options: { readonly withinMs: number; readonly body?: object },
  ): Promise<OperatorAnswer>;
}

const PAUSE_MS = 300;

/** Nobody insists after `gone`: there is no answer then. */
export function createOperator(exchange: Exchange, token: string, clock: Clock, gone: AbortSignal): Operator {
  let instance = 0;

  async function ask(method: Method, path: string, body?: object) {
    const answer = await exchange.send(instance, { method, path, bearer: token, body });
    if (answer.status === 0 || answer.status >= 500) instance = (instance + 1) % exchange.instances;
    return { status: answer.status, body: bodyOf(answer.text) };
  }

  return {
    ask,
    insist: async (method, path, { withinMs, body }) => {
      const untilMs = clock.monotonicMs() + withinMs;
      for (;;) {
        if (gone.aborted) return { status: 0, body: {} };
        const answer = await ask(method, path, body);
        const isOpen = answer.status === 0 || answer.status === 429 || answer.status >= 500;
        if (!isOpen || clock.monotonicMs() > untilMs) return answer;
        await clock.sleep(PAUSE_MS, gone);
      }
    },
  };
}

function bodyOf(text: string): Body {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Body) : {};
  } catch {
    return {};
  }
}
