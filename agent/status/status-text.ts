import { printable } from '@tributary/shared/printable.ts';
import type { Counters } from '../counters.ts';
import type { AgentStatus, SourceOfInput } from './agent-status.ts';

const authoritiesShown = 4;

/** The status for a person. */
export function statusText(status: AgentStatus, nowMs: number): string {
  const lines = [
    `tributary-agent ${status.version}, pid ${status.pid}, up ${seconds(nowMs - status.startedMs)}, agent ${status.agentId}`,
    `ready    ${status.readiness.ready ? 'yes' : `no: ${status.readiness.reasons.join('; ')}`}`,
    `hub      ${hubLine(status)}`,
    ...otherHubLines(status),
    ...(status.uplink.trouble === '' ? [] : [`trouble  ${status.uplink.trouble}`]),
    ...tlsLines(status, nowMs),
    ...throughputLines(status),
    ...lossLines(status),
    `memory   ${sizeText(status.memory.rssBytes)}`,
    `inputs   ${status.inputs.length}`,
    ...status.inputs.map(inputLine),
    ...status.rotation.flatMap(rotationLines),
    `sources  ${status.sourcesTotal}`,
    ...status.sources.map(sourceLine),
  ];
  const more = status.sourcesTotal - status.sources.length;
  if (more > 0) lines.push(`  … and ${more} that are less far behind (--all)`);
  return `${lines.map(printable).join('\n')}\n`;
}

function hubLine({ uplink }: AgentStatus): string {
  if (uplink.state !== 'connected') return `${uplink.hub}: not connected (${uplink.state}, ${uplink.attempts} tries)`;
  return `${uplink.hub}: connected, site ${uplink.siteId ?? 'unknown'}`;
}

function otherHubLines({ uplink: { hub: used, hubs } }: AgentStatus): string[] {
  return hubs
    .filter(({ hub }) => hub !== used)
    .map(({ hub, failed, avoidedMs }) => {
      if (avoidedMs > 0) return `  ${hub}: not preferred for ${seconds(avoidedMs)}`;
      return `  ${hub}: ${failed ? 'could not be reached' : 'stands by'}`;
    });
}

function tlsLines({ tls: { source, certificate, site, authorities, problem, renewal } }: AgentStatus, nowMs: number): string[] {
  if (source === 'none') return ['tls      no certificate: tributary-agent enroll TOKEN makes this machine an agent of a site'];
  const lines: string[] = [];
  if (certificate !== undefined) {
    const { tenant, siteId, notAfterMs } = certificate;
    const days = Math.floor((notAfterMs - nowMs) / 86_400_000);
    const until = `${new Date(notAfterMs).toISOString()} (${notAfterMs < nowMs ? 'EXPIRED' : `${days} days left`})`;
    lines.push(
      `tls      ${source}: agent ${certificate.agentId}, tenant ${tenant}, site ${site ?? siteId}, valid until ${until}`,
    );
    if (renewal?.dueMs !== undefined) lines.push(`  renewed at ${new Date(renewal.dueMs).toISOString()}`);
  } else lines.push(`tls      ${source}: no certificate of an agent`);
  lines.push(...authorities.slice(0, authoritiesShown).map((fingerprint) => `  trusts   ${fingerprint}`));
  if (renewal !== undefined && renewal.trouble !== '') lines.push(`  trouble  not renewed yet: ${renewal.trouble}`);
  if (problem !== '') lines.push(`  trouble  ${problem}`);
  return lines;
}

function throughputLines({ buffer, counters, rates }: AgentStatus): string[] {
  const { excluded, sampledOut, redacted } = counters.filtered;
  const waits = `${sizeText(buffer.unackedBytes)} of ${sizeText(buffer.maxBytes)} wait in ${buffer.unackedBatches} batches`;
  const lines = [
    `buffer   ${buffer.state}: ${waits}; ${sizeText(buffer.retainedBytes)} kept in all`,
    `read     ${counters.recordsRead} records, ${sizeText(counters.bytesRead)}; now ${rates.recordsRead} records/s, ${sizeText(rates.bytesRead)}/s`,
  ];
  if (excluded + sampledOut + redacted > 0) {
    lines.push(`filtered ${excluded} records excluded, ${sampledOut} not in the sample, ${redacted} masked`);
  }
  lines.push(
    `sent     ${counters.batchesSent} batches, ${sizeText(counters.bytesSent)} compressed; ${counters.batchesAcked} acknowledged; now ${sizeText(rates.bytesSent)}/s`,
  );
  return lines;
}

/** What was lost since the start, and what the site was told it will not get. */
function lossLines({ buffer, counters }: AgentStatus): string[] {
  const lost: [string, Counters['lost'][keyof Counters['lost']]][] = Object.entries(counters.lost);
  const lines = lost
    .filter(([, { times }]) => times > 0)
    .map(([cause, { bytes, records }]) => `lost     ${cause}: ${sizeText(bytes)}${records === 0 ? '' : `, ${records} records`}`);
  if (buffer.positionsLost > 0)
    lines.push(`gaps     ${buffer.positionsLost} positions in ${buffer.losses} gaps, over all starts`);
  return lines;
}

function inputLine(input: AgentStatus['inputs'][number]): string {
  const { name, type, sources, lag, failed, listen, listening, trouble } = input;
  const parts = [`${sources} ${sources === 1 ? 'source' : 'sources'}, ${lag} behind`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (listen.length > 0) parts.push(listening.length === 0 ? 'does not listen' : `listens at ${listening.join(', ')}`);
  if (trouble !== '') parts.push(`does not run: ${trouble}`);
  return `  ${name} (type ${type}): ${parts.join('; ')}`;
}

function rotationLines({ name, files, rotated, rotations, blocked }: AgentStatus['rotation'][number]): string[] {
  const kept = `${rotated.files} rotated files of ${sizeText(rotated.bytes)} kept`;
  const lines = [`rotation ${name}: ${files} ${files === 1 ? 'file' : 'files'}, ${rotations} rotations since the start; ${kept}`];
  return [...lines, ...blocked.map(({ path, reason }) => `  waits    ${path}: ${reason}`)];
}

function sourceLine({ state, path, position, size, lag }: SourceOfInput): string {
  return `  ${state.padEnd(8)} ${path}  ${position} of ${size}, ${lag} behind`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}
