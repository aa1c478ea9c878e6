/** What tests of measurements make documents of: as agents write them. */
import type { AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import { documentOf, type Fields } from '@tributary/protocol/platform/document.ts';
import { type MachineMeasured, machineMeasured } from '@tributary/protocol/platform/machine-measured.ts';
import { type PlatformDocument, platformDocument } from './platform-document.ts';

export const testSiteId = '51'.repeat(16);
export const testAgentId = 'a6'.repeat(16);

export function testMeasured(changes: Partial<AgentMeasured> = {}): AgentMeasured {
  return {
    state: 'running',
    started_ms: 5,
    period_ms: 60_000,
    process: { rss_bytes: 60_000_000, cpu_percent: 0.5 },
    machine: { os: 'Linux', kernel: '6.1', arch: 'x64', cores: 2, memory_bytes: 8e9 },
    uplink: { state: 'connected', hub: 'wss://hub:7701' },
    lag: 30,
    rates: { records: 10, bytes: 1000, sent_bytes: 100 },
    buffer: { state: 'open', bytes: 500, max_bytes: 1e9, unacked_bytes: 200, batches: 3 },
    books: { read: 20, acked: 15, buffered: 5, filtered: 0, lost: {}, unaccounted: 0 },
    inputs: [{ name: 'file-1', kind: 'file', type: 'app', state: 'running', sources: 1, failed: 0, lag: 30 }],
    inputs_total: 1,
    files_total: 1,
    files: [{ input: 'file-1', path: '/a', stream_id: 'cd'.repeat(16), state: 'reading', size: 130, position: 100, lag: 30 }],
    ...changes,
  };
}

/** The line of a document, as an agent writes it. */
export function agentLine(atMs: number, fields: Fields, agentId = testAgentId): string {
  const { host: hostFields, ...others } = fields;
  const own = typeof hostFields === 'object' && hostFields !== null ? { ...hostFields } : {};
  return documentOf({ host: 'web1', agentId, version: '1.2.0', labels: { rack: '7' } }, atMs, others, own);
}

export function measuredFields(measured: AgentMeasured): Fields {
  const event = { kind: 'metric', module: 'tributary', dataset: 'tributary.agent', action: 'agent-measured' };
  return { event, tributary: { measured } };
}

export function metricFields(dataset: string, fields: Fields, periodMs = 10_000): Fields {
  return {
    event: { kind: 'metric', module: 'system', dataset, duration: 1 },
    metricset: { name: 'x', period: periodMs },
    ...fields,
  };
}

export function machineFields(machine: MachineMeasured): Fields {
  return metricFields(machineMeasured, { tributary: { machine } });
}

export function testDocument(atMs: number, fields: Fields, origin: Partial<PlatformDocument> = {}): PlatformDocument {
  const from = { siteId: testSiteId, agentId: testAgentId, tenant: 'acme', receivedMs: atMs + 50, ...origin };
  const document = platformDocument(agentLine(atMs, fields, from.agentId), from);
  if (document === undefined) throw new Error('it is JSON');
  return document;
}
