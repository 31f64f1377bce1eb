/** The auditor, as `npm run audit` runs it: after every benchmark all that was promised holds, or there is no figure. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AuditReport } from '#contract/http/operator.ts';
import { compiled } from './compiled.ts';
import type { Stage } from './stage.ts';

const AUDIT = fileURLToPath(new URL('../../scripts/audit.ts', import.meta.url));
const OUTPUT_BYTES_MAX = 1_000_000;

export interface Audited {
  readonly report: AuditReport;
  /** The most that the auditing process took. */
  readonly memoryMb: number;
}

/** Throws unless every check of the whole database is clean. Its peak memory is told by the process itself, at its end. */
export async function audited(stage: Stage, database: string): Promise<Audited> {
  const tellMemory = `process.on('exit', () => process.stderr.write(String(process.resourceUsage().maxRSS)))`;
  const running = promisify(execFile)(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(tellMemory)}`, AUDIT, '--json'],
    {
      env: { ...compiled, PATH: process.env['PATH'], DATABASE_URL: stage.urlOf(database) },
      maxBuffer: OUTPUT_BYTES_MAX,
    },
  );
  const { stdout, stderr } = await running.catch((error: unknown) => {
    const { stdout: said } = error as { stdout?: string };
    throw new Error(`the audit after the run is not clean: ${said ?? ''}`, { cause: error });
  });
  const report = JSON.parse(stdout) as AuditReport;
  if (report.state !== 'CLEAN') throw new Error(`the audit after the run is not clean: ${stdout}`);
  return { report, memoryMb: Number(stderr) / 1024 };
}
