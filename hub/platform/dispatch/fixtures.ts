/**
 * Documents as they come to the platform channel, for tests, and where each is to go. The names of fields and their nesting are those of Elastic's
 * reference for Metricbeat, Auditbeat and Heartbeat 8 and 9 ("Exported fields" and the pages of each metricset and dataset, docs/reference in
 * github.com/elastic/beats); the envelope is that of their outputs to Redis and Logstash (`@metadata.beat`, `.type`, `.version`). The values are ours.
 */
export interface PlatformFixture {
  readonly title: string;
  /** Of the tenant `acme`. */
  readonly name: string;
  /** With `platform_names: beats`; the same unless given. */
  readonly beatsName?: string;
  readonly document: Readonly<Record<string, unknown>>;
}

const time = '2026-11-21T12:00:00.123Z';
const machine = {
  name: 'web1',
  hostname: 'web1',
  architecture: 'x86_64',
  id: '9b1a',
  os: { type: 'linux', name: 'Debian GNU/Linux' },
};

function beat(type: string, document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    '@timestamp': time,
    '@metadata': { beat: type, type: '_doc', version: '9.1.3' },
    agent: { type, version: '9.1.3', id: '7f0c-1', ephemeral_id: '11-22', name: 'web1' },
    ecs: { version: '8.0.0' },
    host: machine,
    ...document,
  };
}

function metricset(dataset: string, fields: Readonly<Record<string, unknown>>): PlatformFixture {
  const [module = '', name = ''] = dataset.split('.');
  const event = { dataset, module, duration: 1_234_567 };
  const document = beat('metricbeat', { event, metricset: { name, period: 10_000 }, service: { type: module }, ...fields });
  return {
    title: `Metricbeat ${dataset}`,
    name: `metrics-${dataset}-acme`,
    beatsName: 'platform-metricbeat-acme',
    document,
  };
}

const metricbeat: readonly PlatformFixture[] = [
  metricset('system.cpu', {
    system: {
      cpu: { cores: 2, total: { pct: 0.31, norm: { pct: 0.155 } }, user: { pct: 0.2, norm: { pct: 0.1 } }, idle: { pct: 1.69 } },
    },
    host: { ...machine, cpu: { usage: 0.155 } },
  }),
  metricset('system.core', { system: { core: { id: 0, user: { pct: 0.1 }, system: { pct: 0.02 }, idle: { pct: 0.88 } } } }),
  metricset('system.load', { system: { load: { cores: 2, 1: 0.5, 5: 0.3, 15: 0.2, norm: { 1: 0.25, 5: 0.15, 15: 0.1 } } } }),
  metricset('system.memory', {
    system: {
      memory: { total: 8_589_934_592, free: 1_073_741_824, used: { bytes: 7_516_192_768, pct: 0.875 }, swap: { total: 0 } },
    },
  }),
  metricset('system.network', {
    system: { network: { name: 'eth0', in: { bytes: 1, packets: 1, errors: 0, dropped: 0 }, out: { bytes: 2, packets: 2 } } },
  }),
  metricset('system.diskio', {
    system: {
      diskio: { name: 'vda', read: { bytes: 4096, count: 1, time: 3 }, write: { bytes: 0, count: 0, time: 0 }, io: { time: 3 } },
    },
  }),
  metricset('system.filesystem', {
    system: {
      filesystem: {
        device_name: '/dev/vda1',
        mount_point: '/',
        type: 'ext4',
        total: 100,
        free: 40,
        available: 35,
        used: { bytes: 60, pct: 0.6 },
      },
    },
  }),
  metricset('system.fsstat', { system: { fsstat: { count: 3, total_files: 1000, total_size: { free: 1, used: 2, total: 3 } } } }),
  metricset('system.process', {
    system: {
      process: {
        state: 'sleeping',
        num_threads: 4,
        memory: { size: 1, rss: { bytes: 2, pct: 0.1 }, share: 0 },
        cpu: { total: { pct: 0.01 } },
      },
    },
    process: { pid: 12, ppid: 1, pgid: 12, name: 'sshd', args: ['sshd', '-D'], cpu: { pct: 0.005 }, memory: { pct: 0.1 } },
    user: { name: 'root' },
  }),
  metricset('system.process_summary', {
    system: { process: { summary: { total: 90, running: 1, sleeping: 80, idle: 9, stopped: 0, zombie: 0 } } },
  }),
  metricset('system.socket_summary', {
    system: { socket: { summary: { all: { count: 30, listening: 5 }, tcp: { memory: 0, all: { count: 20 } } } } },
  }),
  metricset('system.uptime', { system: { uptime: { duration: { ms: 86_400_000 } } } }),
  metricset('docker.cpu', {
    docker: { cpu: { total: { pct: 0.5, norm: { pct: 0.25 } }, user: { ticks: 12, pct: 0.4 }, kernel: { ticks: 3, pct: 0.1 } } },
    container: { id: 'c0ffee', name: 'shop', image: { name: 'shop:1' }, runtime: 'docker' },
  }),
  metricset('docker.memory', {
    docker: { memory: { limit: 100, usage: { total: 10, pct: 0.1, max: 20 }, rss: { total: 5, pct: 0.05 } } },
  }),
  metricset('docker.network', {
    docker: { network: { interface: 'eth0', inbound: { bytes: 1, packets: 1 }, outbound: { bytes: 1, packets: 1 } } },
  }),
  metricset('redis.info', { redis: { info: { clients: { connected: 3 }, memory: { used: { value: 1_000_000 } } } } }),
  metricset('apache.status', { error: { message: 'error making http request: connection refused' } }),
  {
    title: 'a metricset of Metricbeat 6, that named neither dataset nor program',
    name: 'metrics-system.cpu-acme',
    beatsName: 'platform-metricbeat-acme',
    document: {
      '@timestamp': time,
      '@metadata': { type: 'doc', version: '6.2.4' },
      metricset: { name: 'cpu', module: 'system', rtt: 130 },
      beat: { name: 'web1', hostname: 'web1', version: '6.2.4' },
      system: { cpu: { cores: 2, user: { pct: 0.2 } } },
    },
  },
];

function audit(title: string, document: Readonly<Record<string, unknown>>): PlatformFixture {
  return { title: `Auditbeat ${title}`, name: 'platform-auditbeat-acme', document: beat('auditbeat', document) };
}

const auditbeat: readonly PlatformFixture[] = [
  audit('auditd', {
    event: { kind: 'event', module: 'auditd', action: 'executed', category: ['process'], type: ['start'], outcome: 'success' },
    auditd: {
      message_type: 'syscall',
      sequence: 18_887,
      session: '1',
      result: 'success',
      summary: { actor: { primary: 'anna', secondary: 'root' }, object: { type: 'file', primary: '/bin/sh' }, how: '/bin/sh' },
      paths: [{ name: '/bin/sh', inode: '155', nametype: 'NORMAL', mode: '0100755' }],
      data: { syscall: 'execve', a0: '10812c8', exit: '0', tty: 'pts0' },
    },
    user: { id: '0', name: 'root', audit: { id: '1000', name: 'anna' }, selinux: { user: 'unconfined' } },
    process: { pid: 10_043, executable: '/bin/sh', args: ['sh'], working_directory: '/root' },
  }),
  audit('file_integrity', {
    event: {
      kind: 'event',
      module: 'file_integrity',
      dataset: 'file',
      action: ['attributes_modified', 'updated'],
      category: ['file'],
    },
    file: {
      path: '/etc/hosts',
      type: 'file',
      size: 42,
      mode: '0644',
      uid: '0',
      gid: '0',
      mtime: time,
      hash: { sha1: 'a94a8fe5' },
    },
  }),
  audit('system login', {
    event: {
      kind: 'event',
      module: 'system',
      dataset: 'login',
      action: 'user_login',
      origin: '/var/log/wtmp',
      outcome: 'success',
    },
    message: 'Login by user anna (UID: 1000) on pts/2 (PID: 14962) from 192.0.2.2 (IP: 192.0.2.2)',
    user: { id: 1000, name: 'anna', terminal: 'pts/2' },
    source: { ip: '192.0.2.2' },
  }),
  audit('system process', {
    event: {
      kind: 'state',
      module: 'system',
      dataset: 'process',
      action: 'existing_process',
      id: '203e3d86-6b94-4e3d-9f52-2f4b9c5bd1c6',
    },
    process: { pid: 1, entity_id: 'k2wzsZ', name: 'systemd', start: time, hash: { sha1: '56b1' } },
  }),
  audit('system package', {
    event: { kind: 'event', module: 'system', dataset: 'package', action: 'package_installed' },
    system: { audit: { package: { name: 'zstd', version: '1.5', installtime: time, entity_id: 'pk' } } },
  }),
  audit('system socket', {
    event: { kind: 'event', module: 'system', dataset: 'socket', action: 'network_flow', category: ['network'] },
    network: { direction: 'egress', transport: 'tcp', type: 'ipv4', bytes: 400, packets: 4 },
    system: { audit: { socket: { uid: 0, internal_version: '1.0.3', kernel_sock_address: '0xffff8800' } } },
  }),
];

const own: readonly PlatformFixture[] = [
  {
    title: 'an event of an agent',
    name: 'platform-agent-acme',
    document: {
      '@timestamp': time,
      agent: { id: 'ab'.repeat(16), type: 'tributary', name: 'web1', version: '0.1.0' },
      event: { kind: 'event', module: 'tributary', dataset: 'tributary.agent', action: 'file-opened', category: ['file'] },
      tributary: { position: 17, source: '/var/log/a', site: 'main' },
    },
  },
  {
    title: 'a metric of an agent',
    name: 'metrics-system.process.summary-acme',
    beatsName: 'platform-metricbeat-acme',
    document: {
      '@timestamp': time,
      agent: { id: 'ab'.repeat(16), type: 'tributary', name: 'web1', version: '0.1.0' },
      event: { kind: 'metric', module: 'system', dataset: 'system.process.summary' },
      metricset: { name: 'process.summary', period: 10_000 },
    },
  },
  {
    title: 'how an agent is',
    name: 'metrics-tributary.agent-acme',
    beatsName: 'platform-metricbeat-acme',
    document: {
      '@timestamp': time,
      agent: { id: 'ab'.repeat(16), type: 'tributary', name: 'web1', version: '0.1.0' },
      event: { kind: 'metric', module: 'tributary', dataset: 'tributary.agent', action: 'agent-measured' },
      tributary: { measured: { state: 'running', lag: 5, books: { read: 7, unaccounted: 0 } } },
    },
  },
  hub('an event of a hub', 'hub', { event: { kind: 'event', dataset: 'tributary.hub', action: 'store-changed' } }),
  hub('a finding', 'health', { event: { kind: 'event', dataset: 'tributary.hub', action: 'finding-raised' } }),
  hub('the health of the dispatcher', 'health', { event: { kind: 'state', dataset: 'tributary.dispatcher' } }),
  hub('the audit trail', 'audit', {
    event: { kind: 'event', dataset: 'tributary.hub', action: 'token-created', category: ['iam'] },
    tributary: { site: 'main', audit: { sequence: 7 } },
  }),
];

function hub(title: string, kind: string, fields: Readonly<Record<string, unknown>>): PlatformFixture {
  const agent = { id: 'cd'.repeat(16), type: 'tributary-hub', name: 'hub1', version: '0.1.0' };
  return { title, name: `platform-${kind}-acme`, document: { '@timestamp': time, agent, ...fields } };
}

/** As docs/PLATFORM-EVENTS.md describes them. */
function job(action: string, fields: Readonly<Record<string, unknown>>): PlatformFixture {
  const event = { kind: 'event', dataset: 'jobs', action, category: ['process'], ...fields };
  return {
    title: `a job: ${action}`,
    name: 'platform-jobs-acme',
    document: { '@timestamp': time, event, job: { name: 'backup', id: '17' } },
  };
}

const others: readonly PlatformFixture[] = [
  job('job-started', { type: ['start'] }),
  job('job-ended', { type: ['end'], outcome: 'success', duration: 93_000_000_000 }),
  job('job-failed', { type: ['end'], outcome: 'failure', reason: 'exit code 2' }),
  {
    title: 'a job in names with dots',
    name: 'platform-jobs-acme',
    document: { 'event.action': 'job-started', 'job.name': 'backup' },
  },
  { title: 'an alert', name: 'platform-alerts-acme', document: { event: { kind: 'alert' }, rule: { name: 'disk full' } } },
  {
    title: 'a state',
    name: 'platform-health-acme',
    document: { event: { kind: 'state' }, service: { name: 'shop', state: 'green' } },
  },
  {
    title: 'what an operator did elsewhere',
    name: 'platform-audit-acme',
    document: { event: { kind: 'event', category: ['configuration'], type: ['change'] }, user: { name: 'anna' } },
  },
  { title: 'anything else', name: 'platform-other-acme', document: { hello: 'world' } },
  {
    title: 'a monitor of Heartbeat',
    name: 'platform-heartbeat-acme',
    document: beat('heartbeat', {
      event: { dataset: 'http' },
      monitor: { id: 'shop', status: 'up', duration: { us: 700 } },
      url: { full: 'https://shop' },
    }),
  },
  {
    title: 'a line of Filebeat',
    name: 'platform-filebeat-acme',
    document: beat('filebeat', {
      message: 'hello',
      log: { file: { path: '/var/log/a' }, offset: 7 },
      input: { type: 'filestream' },
    }),
  },
  {
    title: 'a set with a name that no index can have',
    name: 'metrics-my_app.queue_depth-acme',
    beatsName: 'platform-metricbeat-acme',
    document: { event: { kind: 'metric', dataset: 'My-App.Queue depth' }, value: 3 },
  },
];

export const platformFixtures: readonly PlatformFixture[] = [...metricbeat, ...auditbeat, ...own, ...others];
