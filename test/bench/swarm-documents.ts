/** What a real agent with the metrics of its machine tells every ten seconds, of an agent of the swarm: as much of it, and as long. */
import type { AgentMeasured, MeasuredFile } from '@tributary/protocol/platform/agent-measured.ts';
import type { MachineMeasured } from '@tributary/protocol/platform/machine-measured.ts';
import { documentOf, type Fields, type Teller } from '@tributary/protocol/platform/document.ts';

export const documentsEveryMs = 10_000;
/** Turns in between two times that it tells its files, and its file systems. */
const [filesEvery, filesystemsEvery] = [3, 6];
const processes = 10;

/** Lines of one turn. */
export function documentsOf(agentId: string, turn: number): string[] {
  const teller: Teller = { agentId, host: `machine-${agentId.slice(-8)}`, version: '1.0.0', labels: {} };
  const nowMs = Date.now();
  const metric = (dataset: string, fields: Fields, host: Fields = {}): string => {
    const [module = '', name] = dataset.split('.');
    const event = { kind: 'metric', module, dataset, duration: 1_200_000 };
    return documentOf(
      teller,
      nowMs,
      { event, metricset: { name, period: documentsEveryMs }, service: { type: module }, ...fields },
      host,
    );
  };
  const system = (name: string, fields: Fields, host: Fields = {}): string =>
    metric(`system.${name}`, { system: { [name]: fields } }, host);
  const share = Math.random();
  const used = { bytes: 4e9, pct: share };
  return [
    documentOf(teller, nowMs, {
      event: { kind: 'metric', module: 'tributary', dataset: 'tributary.agent', action: 'agent-measured' },
      tributary: { measured: measured(nowMs, share, turn % filesEvery === 0) },
    }),
    system(
      'cpu',
      { cores: 8, ...Object.fromEntries([...states, 'total'].map((state) => [state, pct(share)])) },
      { cpu: { usage: share } },
    ),
    system('load', { '1': share, '5': share, '15': share, cores: 8, norm: { '1': share, '5': share, '15': share } }),
    system('memory', {
      total: 8e9,
      free: 1e9,
      cached: 3e9,
      used,
      actual: { free: 4e9, used },
      swap: { total: 1e9, free: 1e9, used },
    }),
    system('diskio', { name: 'vda', read: io(share), write: io(share), io: { ops: 0, time: 1_149_008 } }),
    metric('system.diskio', {}, { disk: { read: { bytes: 1e6 * share }, write: { bytes: 2e6 * share } } }),
    ...['lo', 'eth0'].map((name) => system('network', { name, in: traffic(share), out: traffic(share) })),
    metric('system.network', {}, { network: { ingress: { bytes: 1e6 * share }, egress: { bytes: 1e5 * share } } }),
    metric('system.process.summary', { system: { process: { summary: { total: 150, running: 1, sleeping: 149 } } } }),
    metric('system.socket_summary', { system: { socket: { summary: { all: { count: 300 }, tcp: { all: { count: 80 } } } } } }),
    ...Array.from({ length: processes }, (_, pid) => metric('system.process', processFields(pid, share))),
    ...(turn % filesystemsEvery === 0 ? filesystems(share).map((fields) => system('filesystem', fields)) : []),
    metric('tributary.machine', { tributary: { machine: machine(share, turn % filesystemsEvery === 0) } }),
  ];
}

const states = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];

function pct(share: number): object {
  return { pct: share * 8, norm: { pct: share }, ticks: Math.round(1e7 * share) };
}

function io(share: number): object {
  return { count: Math.round(3e5 * share), bytes: Math.round(4e9 * share), time: Math.round(1e6 * share) };
}

function traffic(share: number): object {
  return { bytes: Math.round(4e9 * share), packets: Math.round(3e6 * share), errors: 0, dropped: 0 };
}

function processFields(pid: number, share: number): Fields {
  const command = `/usr/lib/program-${pid}/bin/program`;
  const args = [command, '--config', `/etc/program-${pid}/program.conf`, '--pid-file', `/run/program-${pid}.pid`];
  const cpu = { total: { value: 1e6 * share, ...pct(share) }, user: { ticks: 1000 }, system: { ticks: 1000 } };
  const memory = { size: 1e9, share: 1e7, rss: { bytes: 1e8, pct: share / 10 } };
  return {
    process: {
      pid,
      ppid: 1,
      pgid: pid,
      name: 'program',
      args,
      command_line: args.join(' '),
      executable: command,
      cpu: { pct: share },
    },
    user: { name: 'www-data' },
    system: { process: { state: 'sleeping', num_threads: 12, cmdline: args.join(' '), cpu, memory } },
  };
}

function filesystems(share: number): Fields[] {
  return ['/', '/var'].map((mount) => {
    const size = { total: 1e11, free: 5e10, available: 5e10, files: 1e6, free_files: 5e5 };
    return { device_name: '/dev/vda1', mount_point: mount, type: 'ext4', ...size, used: { bytes: 5e10, pct: share / 2 } };
  });
}

function machine(share: number, withDisk: boolean): MachineMeasured {
  const percent = Math.round(share * 1000) / 10;
  const rates = { disk_read: 1e5 * share, disk_write: 2e5 * share, net_in: 1e5 * share, net_out: 1e4 * share };
  return {
    cpu: percent,
    load1: share,
    memory: percent,
    swap: 0,
    ...(withDisk ? { disk: percent / 2, disk_mount: '/var' } : {}),
    ...rates,
  };
}

function measured(nowMs: number, share: number, withFiles: boolean): AgentMeasured {
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
    ...(withFiles ? { files: ['app', 'access'].map((name) => measuredFile(name)) } : {}),
  };
}

function measuredFile(name: string): MeasuredFile {
  const place = { input: name, path: `/var/log/${name}.log`, stream_id: '1'.repeat(32) };
  return { ...place, state: 'waiting', size: 1_000_000, position: 1_000_000, lag: 0 };
}
