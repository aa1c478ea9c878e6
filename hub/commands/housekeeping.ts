/** `housekeeping [--dry-run]`: what is too old goes now, or is told with the reason. */
import { formatBytes, formatDuration } from '@tributary/shared/options/units.ts';
import type { HousePlan } from '../housekeeping/housekeeping.ts';
import type { RunReport } from '../housekeeping/run-report.ts';
import { runningHub } from './ask-running-hub.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';
import { cell, jsonLine, table } from './tables.ts';

export interface HousekeepingRequest extends ConfigRequest {
  readonly json: boolean;
  readonly dryRun: boolean;
}

/** All of the archive's index is read for it. */
const planTimeoutMs = 600_000;
const pollMs = 500;

export async function housekeepingCommand(request: HousekeepingRequest, host: CommandHost): Promise<ExitCode> {
  const ask = runningHub(request, host);
  if (request.dryRun) {
    const answer = await ask({ method: 'POST', path: '/housekeeping/plan', body: {}, timeoutMs: planTimeoutMs });
    if (request.json) await host.out(jsonLine(answer));
    else await showPlan(planOf(answer), host);
    return exitCode.done;
  }
  const { wish } = await ask({ method: 'POST', path: '/housekeeping/run', body: {} });
  let report: RunReport | undefined;
  do {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    report = lastOf(await ask({ method: 'GET', path: '/housekeeping' }));
  } while (!host.stop.aborted && (report?.wish !== wish || report?.state !== 'done'));
  if (request.json) await host.out(jsonLine({ last: report }));
  else await showReport(report, host);
  return report?.notes.length === 0 ? exitCode.done : exitCode.failed;
}

async function showPlan({ removals, kinds, notes }: HousePlan, host: CommandHost): Promise<void> {
  if (removals.length > 0) {
    const rows = removals.map(({ kind, subject, bytes, why }) => [kind, cell(subject, 120), formatBytes(bytes), cell(why, 160)]);
    await host.out(table(['KIND', 'WOULD GO', 'BYTES', 'WHY'], rows));
  }
  const count = kinds.reduce((sum, kind) => sum + kind.count, 0);
  const bytes = kinds.reduce((sum, kind) => sum + kind.bytes, 0);
  if (count > removals.length) await host.out(`… and ${count - removals.length} more\n`);
  await host.out(count === 0 ? 'nothing is too old\n' : `${count} would go, ${formatBytes(bytes)}; nothing was changed\n`);
  for (const note of notes) host.err(`${note}\n`);
}

async function showReport(report: RunReport | undefined, host: CommandHost): Promise<void> {
  if (report === undefined) return;
  const { kinds, notes, startedMs, endedMs } = report;
  const rows = kinds.map(({ kind, removed, bytes, failed }) => [kind, String(removed), formatBytes(bytes), String(failed)]);
  await host.out(table(['KIND', 'REMOVED', 'BYTES', 'FAILED'], rows));
  await host.out(`done within ${formatDuration(Math.max(0, Math.ceil(((endedMs ?? startedMs) - startedMs) / 1000) * 1000))}\n`);
  for (const note of notes) host.err(`${note}\n`);
}

/** The other end is this very program. */
function planOf(answer: object): HousePlan {
  return { removals: [], kinds: [], notes: [], ...answer };
}

function lastOf(answer: object): RunReport | undefined {
  const told: { last?: RunReport } = answer;
  return told.last;
}
