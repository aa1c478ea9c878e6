import { printable } from '@tributary/shared/printable.ts';
import { type BufferReport, checkBuffer } from '../buffer/check-buffer.ts';
import { type BufferPlace, existingBuffer } from './buffer-file.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

/** `buffer check`: changes nothing, so it may be asked beside a running agent. */
export async function bufferCheckCommand(
  options: BufferPlace & { readonly json: boolean },
  host: CommandHost,
): Promise<ExitCode> {
  const file = await existingBuffer(options, host);
  if (file === undefined) return exitCode.failed;
  let report: BufferReport;
  try {
    report = checkBuffer(file);
  } catch (error) {
    host.err(`${file}: ${error instanceof Error ? error.message : String(error)}\n`);
    return exitCode.failed;
  }
  host.out(options.json ? `${JSON.stringify(report)}\n` : textOf(report));
  return report.problems.length === 0 ? exitCode.done : exitCode.failed;
}

function textOf({ file, streams, batches, unacked, lostByCause, problems }: BufferReport): string {
  const lost = Object.entries(lostByCause).map(([cause, sum]) => `${sum.positions} positions in ${sum.losses} gaps, ${cause}`);
  const lines = [
    file,
    `streams  ${streams.open} open, ${streams.ended} ended, ${streams.remembered} files remembered`,
    `batches  ${batches.unacked} wait for a hub, ${batches.acked} acknowledged and kept, ${batches.rejected} rejected`,
    `waiting  ${unacked.records} records, ${unacked.inflatedBytes} bytes (${unacked.bytes} compressed)`,
    ...lost.map((line) => `lost     ${line}`),
    ...problems.map((problem) => `problem  ${problem}`),
    problems.length === 0 ? 'good' : 'damaged: the agent sets it aside at its next start and sends what is whole',
  ];
  return `${lines.map(printable).join('\n')}\n`;
}
