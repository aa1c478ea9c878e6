/** The status as a person reads it. */
import { clusterLines, durabilityLines } from './cluster-lines.ts';
import { printable } from '@tributary/shared/printable.ts';
import { certificateLines, findingLines, healthLines } from './finding-lines.ts';
import type { HttpListenerStatus } from '../listeners/http-listeners.ts';
import { siteLines } from '../sites/site-lines.ts';
import type { HubStatus } from './hub-status.ts';

export function statusText(status: HubStatus, nowMs: number): string {
  const { site, queue, rates, durability, state } = status;
  const seconds = Math.round((nowMs - status.startedMs) / 1000);
  const lines = [
    `tributary-hub ${status.version}, site ${site.name}, ${state} for ${seconds} s (pid ${status.pid})`,
    ...findingLines(status.findings, nowMs),
    ...healthLines(status.health, nowMs),
    ...certificateLines(status.certificates),
    ...clusterLines(status.cluster, site.hubId, nowMs),
    agentsLine(status),
    ...httpLines(status),
    `receiving    ${rates.received.records} records/s, ${megabytes(rates.received.bytes)}/s compressed`,
    `archiving    ${rates.archived.records} records/s, ${megabytes(rates.archived.bytes)}/s raw`,
    `queue        ${queue.state}, ${megabytes(queue.bytes)} of ${megabytes(queue.maxBytes)}, ${queue.deadLetters} dead letters`,
    ...durabilityLines(durability),
    ...pipelineLines(status),
    ...outputLines(status),
    ...siteLines(status.sites),
  ];
  if (status.events.auditDropped > 0) lines.push(`audit trail  ${status.events.auditDropped} events found no room and are lost`);
  for (const books of status.books) {
    lines.push(
      `${books.channel}: ${books.received} received, ${books.pipelinePending} to process, ${books.archivePending} to archive, ` +
        `${books.archived} archived${books.missing === 0 ? '' : `, ${books.missing} missing`}`,
    );
  }
  for (const { tenant, type = '*', action, bytes, bytesPerDay, droppedRecords } of status.quotas) {
    const dropped = action === 'drop' && droppedRecords > 0 ? `, ${droppedRecords} records dropped` : '';
    const quota = `${megabytes(bytes)} of ${megabytes(bytesPerDay)} today (UTC), beyond it ${action}${dropped}`;
    lines.push(`${tenant}/${type}: quota ${quota}`);
  }
  for (const { channel, gaps, lost, filtered, filteredRecords } of queue.channels) {
    if (gaps > 0) lines.push(`${channel}: ${gaps} gaps, ${lost} positions lost`);
    if (filtered > 0) lines.push(`${channel}: ${filteredRecords} records, ${filtered} positions left out by filters of agents`);
  }
  return `${lines.join('\n')}\n`;
}

function outputLines({ outputs, archive }: HubStatus): string[] {
  const others = outputs.filter(({ kind, state }) => kind !== 'archive' || state === 'failed');
  return [
    ...(archive === undefined
      ? []
      : [
          `archive      ${archive.records} records, ${megabytes(archive.rawBytes)} raw, ${megabytes(archive.objectBytes)} in ${archive.objects} objects`,
          `             ${archive.folder}`,
        ]),
    ...others.map(({ name, kind, state, quietFor, trouble, counts, certificate }) => {
      const counted = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
      if (quietFor !== undefined) counted.unshift(`quiet: ${quietFor} is sent to`);
      if (certificate !== undefined) counted.push(`certificate until ${new Date(certificate.notAfterMs).toISOString()}`);
      return `output       ${name} (${kind}) ${printable([state, ...counted, trouble].filter((part) => part !== '').join(', '))}`;
    }),
  ];
}

/** One line each; steps that could not work on some records are named. */
function pipelineLines({ pipelines }: HubStatus): string[] {
  return pipelines.map(({ pipeline, steps }) => {
    const failed = steps.filter((step) => step.failed > 0).map((step) => `, ${step.step}: ${step.failed} of ${step.in} failed`);
    const dropped = steps.reduce((sum, step) => sum + step.dropped, 0);
    const gone = dropped > 0 ? `, ${dropped} dropped` : '';
    return `pipeline     ${printable(`${pipeline}: ${steps[0]?.in ?? 0} records${gone}${failed.join('')}`)}`;
  });
}

function agentsLine({ listeners, connections, cluster }: HubStatus): string {
  if (!cluster.roles.includes('intake')) return 'agents       go to the other hubs';
  return `agents       ${listeners.agents?.url ?? 'not listening yet'}, ${connections.length} connected`;
}

function httpLines({ listeners }: HubStatus): string[] {
  const { http, push = [], beats_redis: beats = [] } = listeners;
  return [
    ...(http === undefined ? [] : [`http         ${http.url}, ${pushedText(http)}`]),
    ...push.map((one) => `push         ${one.url} for ${one.tenant}, ${pushedText(one)}`),
    ...beats.map(
      ({ key, datatype, tenant, state, events, trouble }) =>
        `beats        ${printable(`${datatype} ${key} for ${tenant}, ${state}, ${events} events${trouble === '' ? '' : `, ${trouble}`}`)}`,
    ),
  ];
}

function pushedText({ records, requests, refused }: HttpListenerStatus): string {
  return `${records} records by ${requests} pushes, ${refused} of them refused`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
