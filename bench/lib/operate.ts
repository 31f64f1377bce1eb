/** What the organiser does at the operator's desk, over HTTP. */
import { setTimeout as delay } from 'node:timers/promises';
import { OPERATOR_TOKEN, type RunningService } from './stage.ts';

/** Gives the answer's body, or throws what the service says against it. */
export async function operate(
  service: RunningService,
  method: 'POST' | 'PATCH',
  path: string,
  body: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(`http://${service.host}:${service.port}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${OPERATOR_TOKEN}`,
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
    },
    body: JSON.stringify(body),
  });
  if (response.status === 503) {
    // it has just begun, and says so
    await delay(1_000);
    return operate(service, method, path, body);
  }
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
