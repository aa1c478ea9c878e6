import type { AgentStatus } from './agent-status.ts';

/** The status for a person. */
export function statusText(status: AgentStatus, nowMs: number): string {
  const { uplink, buffer, sources, counters, rates } = status;
  const lines = [
    `tributary-agent ${status.version}, pid ${status.pid}, up ${seconds(nowMs - status.startedMs)}, agent ${status.agentId}`,
    `hub      ${hubLine(status)}`,
    `buffer   ${buffer.state}: ${size(buffer.unackedBytes)} of ${size(buffer.maxBytes)} wait in ${buffer.unackedBatches} batches; ${size(buffer.retainedBytes)} kept in all`,
    `read     ${counters.recordsRead} records, ${size(counters.bytesRead)}; now ${rates.recordsRead} records/s, ${size(rates.bytesRead)}/s`,
    `sent     ${counters.batchesSent} batches, ${size(counters.bytesSent)} compressed; ${counters.batchesAcked} acknowledged; now ${size(rates.bytesSent)}/s`,
  ];
  if (buffer.positionsLost > 0) lines.push(`lost     ${buffer.positionsLost} positions in ${buffer.losses} gaps`);
  if (uplink.trouble !== '') lines.push(`trouble  ${uplink.trouble}`);
  if (status.state === 'waiting-for-site') {
    lines.push('waiting  the buffer is new: no file is read before a hub tells which streams it knows');
  }
  lines.push(`sources  ${sources.length}`);
  for (const source of sources) {
    lines.push(`  ${source.state.padEnd(8)} ${source.path}  ${source.position} of ${source.size}, ${source.lag} behind`);
  }
  return `${lines.join('\n')}\n`;
}

function hubLine({ uplink }: AgentStatus): string {
  if (uplink.state !== 'connected') return `${uplink.hub}: not connected (${uplink.state}, ${uplink.attempts} tries)`;
  return `${uplink.hub}: connected, site ${uplink.siteId ?? 'unknown'}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}
