/** A service that was started on what another one left behind, looked at from outside. */
import { createClient } from './client.ts';
import type { ServiceProcess } from './service-process.ts';
import { until } from './until.ts';
import { OPERATOR_TOKEN } from './world.ts';

/** What the service says of itself and of its first performance once nothing is under way. */
export async function auditedSale(service: ServiceProcess) {
  const client = createClient(service.url, OPERATOR_TOKEN);
  const report = await until(
    'an audit has nothing under way',
    async () => {
      const { body } = await client.operator('POST', '/admin/audits');
      const path = `/admin/audits/${String(body['auditId'])}`;
      return until('the audit is over', async () => {
        const answer = await client.operator<{ state: string; underWay: number }>('GET', path);
        return answer.body.state !== 'RUNNING' && answer.body;
      }).then((found) => found.underWay === 0 && found);
    },
    60_000,
  );
  const { body } = await client.operator<{ sold: number; held: number }>(
    'GET',
    '/admin/performances/1/sales',
  );
  return { state: report.state, ...body };
}
