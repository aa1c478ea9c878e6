/** What a real agent with the metrics of its machine tells every ten seconds, of an agent of the swarm: as much of it, and as long. */
import type { AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import { documentOf, type Teller } from '@tributary/protocol/platform/document.ts';

export const documentsEveryMs = 10_000;
const processes = 8;

/** Lines of one turn. */
export function documentsOf(agentId: string): string[] {
  const teller: Teller = { agentId, host: `machine-${agentId.slice(-8)}`, version: '1.0.0', labels: {} };
  const nowMs = Date.now();
  const metric = (dataset: string, fields: object, host: object = {}): string =>
    documentOf(
      teller,
      nowMs,
      {
        event: { kind: 'metric', module: 'system', dataset, duration: 1_200_000 },
        metricset: { name: dataset.slice('system.'.length), period: documentsEveryMs },
        service: { type: 'system' },
        ...fields,
      },
      { ...host },
    );
  const share = Math.random();
  return [
    documentOf(teller, nowMs, {
      event: { kind: 'metric', module: 'tributary', dataset: 'tributary.agent', action: 'agent-measured' },
      tributary: { measured: measured(nowMs, share) },
    }),
    metric('system.cpu', { system: { cpu: { total: { norm: { pct: share } }, cores: 8 } } }, { cpu: { usage: share } }),
    metric('system.load', { system: { load: { '1': share, '5': share, '15': share, cores: 8 } } }),
    metric('system.memory', { system: { memory: { total: 8e9, actual: { used: { pct: share } }, swap: { used: { pct: 0 } } } } }),
    ...['/', '/var'].map((place) =>
      metric('system.filesystem', { system: { filesystem: { mount_point: place, total: 1e11, used: { pct: share / 2 } } } }),
    ),
    metric('system.diskio', {}, { disk: { read: { bytes: 1e6 * share }, write: { bytes: 2e6 * share } } }),
    metric('system.network', {}, { network: { ingress: { bytes: 1e6 * share }, egress: { bytes: 1e5 * share } } }),
    ...Array.from({ length: processes }, (_, pid) =>
      metric('system.process', { process: { pid, name: `program-${pid}`, cpu: { pct: share }, memory: { pct: share } } }),
    ),
  ];
}

function measured(nowMs: number, share: number): AgentMeasured {
  const records = Math.round(1000 * share);
  return {
    state: 'running',
    started_ms: nowMs - 86_400_000,
    period_ms: documentsEveryMs,
    process: { rss_bytes: 70_000_000, cpu_percent: share },
    machine: { os: 'Linux', kernel: '6.1.0', arch: 'x64', cores: 8, memory_bytes: 8_000_000_000 },
    uplink: { state: 'connected', hub: 'wss://hub.example:7701' },
    lag: 0,
    rates: { records, bytes: 140 * records, sent_bytes: 30 * records },
    buffer: { state: 'open', bytes: 1_000_000, max_bytes: 1_073_741_824, unacked_bytes: 1000, batches: 1 },
    books: { read: records, acked: records, buffered: 0, filtered: 0, lost: {}, unaccounted: 0 },
    inputs: ['app', 'access', 'metrics'].map((name) => {
      return { name, kind: 'file', type: name, state: 'running', sources: 2, failed: 0, lag: 0 };
    }),
    inputs_total: 3,
    files_total: 4,
    files: ['app', 'access'].map((name) => {
      const place = { input: name, path: `/var/log/${name}.log`, stream_id: '1'.repeat(32) };
      return { ...place, state: 'waiting', size: 1_000_000, position: 1_000_000, lag: 0 };
    }),
  };
}
