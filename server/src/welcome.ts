/** What a person sees who has just started the service: where it is, and where to look next. */
import type { Service } from './service.ts';

export function welcome({ url, context }: Service): string {
  const { keys, config } = context;
  const lines = [
    '',
    `Frontrow is open: ${url}`,
    '',
    `  ${url}/docs                 the API, to browse and try`,
    `  ${url}/api/v1/concerts      what is on`,
    `  ${url}/readyz               is everything well`,
    `  ${url}/metrics              figures for Prometheus`,
    '',
    config.database.kind === 'embedded'
      ? `Data: ${config.dataDir} (an embedded PostgreSQL; set DATABASE_URL for your own)`
      : 'Data: the PostgreSQL of DATABASE_URL',
    'A whole purchase with curl: README.md, "Buy a ticket with curl".',
  ];
  if (keys.operatorTokenIsNew) {
    lines.push(
      '',
      `Operator token, shown this once and kept in ${config.dataDir}/operator-token:`,
      `  ${keys.operatorToken}`,
    );
  }
  return `${lines.join('\n')}\n\n`;
}
