/** What the metrics input measures (docs/operating/metrics.md). */
import { by, type Board, type Chart, numbers, valueOf } from '../chart.ts';
import { is } from '../condition.ts';

const machine = by('host.name', 'Machine', 10);
const ofSet = (dataset: string): Pick<Chart, 'only'> => ({ only: is('event.dataset', dataset) });
const share = { format: 'percent' } as const;
const bytes = { format: 'bytes' } as const;
const throughput = { format: 'bytes', isRate: true } as const;
const half = { width: 24, height: 12 } as const;

export const machines: Board = {
  name: 'machines',
  title: 'Machines',
  description: 'Processors, memory, disks, file systems, network, sockets and processes of the machines that agents measure.',
  view: 'metrics',
  choices: [
    { field: 'host.name', label: 'Machine' },
    { field: 'data_stream.namespace', label: 'Tenant' },
  ],
  charts: [
    ...numbers(
      ['hosts', valueOf('unique_count', 'host.name', 'Machines')],
      ['cpu-now', valueOf('average', 'system.cpu.total.norm.pct', 'Processors', share), is('event.dataset', 'system.cpu')],
      ['memory-now', valueOf('average', 'system.memory.actual.used.pct', 'Memory', share), is('event.dataset', 'system.memory')],
      [
        'fullest',
        valueOf('max', 'system.filesystem.used.pct', 'Fullest file system', share),
        is('event.dataset', 'system.filesystem'),
      ],
    ),
    {
      name: 'cpu',
      title: 'Processors, of all',
      shape: 'line',
      ...ofSet('system.cpu'),
      values: [valueOf('average', 'system.cpu.total.norm.pct', 'Used', share)],
      by: [machine],
      ...half,
    },
    {
      name: 'cpu-parts',
      title: 'What processors do',
      shape: 'area',
      ...ofSet('system.cpu'),
      values: [
        valueOf('average', 'system.cpu.user.norm.pct', 'Programs', share),
        valueOf('average', 'system.cpu.system.norm.pct', 'System', share),
        valueOf('average', 'system.cpu.iowait.norm.pct', 'Waiting for disks', share),
        valueOf('average', 'system.cpu.steal.norm.pct', 'Taken by the host', share),
      ],
      ...half,
    },
    {
      name: 'load',
      title: 'Load by processor',
      shape: 'line',
      ...ofSet('system.load'),
      values: [valueOf('average', 'system.load.norm.5', 'Load of five minutes')],
      by: [machine],
      ...half,
    },
    {
      name: 'memory',
      title: 'Memory',
      shape: 'line',
      ...ofSet('system.memory'),
      values: [valueOf('average', 'system.memory.actual.used.pct', 'Used', share)],
      by: [machine],
      ...half,
    },
    {
      name: 'swap',
      title: 'Swap',
      shape: 'line',
      ...ofSet('system.memory'),
      values: [valueOf('average', 'system.memory.swap.used.pct', 'Used', share)],
      by: [machine],
      ...half,
    },
    {
      name: 'filesystems',
      title: 'File systems',
      shape: 'table',
      ...ofSet('system.filesystem'),
      values: [
        valueOf('max', 'system.filesystem.used.pct', 'Used', share),
        valueOf('min', 'system.filesystem.available', 'Available', bytes),
        valueOf('max', 'system.filesystem.total', 'Size', bytes),
        valueOf('min', 'system.filesystem.free_files', 'Free files'),
      ],
      by: [by('host.name', 'Machine', 20), by('system.filesystem.mount_point', 'Mounted at', 20)],
      ...half,
    },
    {
      name: 'disk-read',
      title: 'Read from disks',
      shape: 'line',
      ...ofSet('system.diskio'),
      values: [valueOf('sum', 'host.disk.read.bytes', 'Bytes a second', throughput)],
      by: [machine],
      ...half,
    },
    {
      name: 'disk-written',
      title: 'Written to disks',
      shape: 'line',
      ...ofSet('system.diskio'),
      values: [valueOf('sum', 'host.disk.write.bytes', 'Bytes a second', throughput)],
      by: [machine],
      ...half,
    },
    {
      name: 'network-in',
      title: 'Received',
      shape: 'line',
      ...ofSet('system.network'),
      values: [valueOf('sum', 'host.network.ingress.bytes', 'Bytes a second', throughput)],
      by: [machine],
      ...half,
    },
    {
      name: 'network-out',
      title: 'Sent',
      shape: 'line',
      ...ofSet('system.network'),
      values: [valueOf('sum', 'host.network.egress.bytes', 'Bytes a second', throughput)],
      by: [machine],
      ...half,
    },
    {
      name: 'processes',
      title: 'Processes',
      shape: 'table',
      ...ofSet('system.process'),
      values: [
        valueOf('average', 'system.process.cpu.total.norm.pct', 'Processors', share),
        valueOf('max', 'system.process.memory.rss.bytes', 'Memory', bytes),
        valueOf('max', 'system.process.num_threads', 'Threads'),
      ],
      by: [by('host.name', 'Machine', 10), by('process.name', 'Process', 20)],
      width: 32,
      height: 14,
    },
    {
      name: 'sockets',
      title: 'Connections',
      shape: 'line',
      ...ofSet('system.socket_summary'),
      values: [
        valueOf('max', 'system.socket.summary.tcp.all.established', 'Established'),
        valueOf('max', 'system.socket.summary.tcp.all.time_wait', 'Waiting after their end'),
      ],
      width: 16,
      height: 14,
    },
    {
      name: 'uptimes',
      title: 'Uptime',
      shape: 'table',
      ...ofSet('system.uptime'),
      values: [valueOf('max', 'host.uptime', 'Seconds')],
      by: [by('host.name', 'Machine', 50)],
      width: 16,
      height: 12,
    },
    {
      name: 'systems',
      title: 'Systems',
      shape: 'table',
      ...ofSet('system.host'),
      values: [valueOf('unique_count', 'host.name', 'Machines')],
      by: [by('host.os.name', 'System', 20), by('host.os.version', 'Version', 20), by('host.architecture', 'Architecture', 5)],
      width: 32,
      height: 12,
    },
  ],
};

const container = by('container.name', 'Container', 10);

export const containerMetrics: Board = {
  name: 'container-metrics',
  title: 'Containers',
  description: 'Processors, memory, disks and network of containers that agents measure.',
  view: 'metrics',
  only: is('event.module', 'docker'),
  choices: [
    { field: 'host.name', label: 'Machine' },
    { field: 'container.name', label: 'Container' },
    { field: 'container.image.name', label: 'Image' },
  ],
  charts: [
    {
      name: 'cpu',
      title: 'Processors',
      shape: 'line',
      ...ofSet('docker.cpu'),
      values: [valueOf('average', 'docker.cpu.total.pct', 'Used', share)],
      by: [container],
      ...half,
    },
    {
      name: 'memory',
      title: 'Memory',
      shape: 'line',
      ...ofSet('docker.memory'),
      values: [valueOf('max', 'docker.memory.usage.total', 'Used', bytes)],
      by: [container],
      ...half,
    },
    {
      name: 'disk',
      title: 'Written to disks',
      shape: 'line',
      ...ofSet('docker.diskio'),
      values: [valueOf('sum', 'container.disk.write.bytes', 'Bytes a second', throughput)],
      by: [container],
      ...half,
    },
    {
      name: 'network',
      title: 'Received',
      shape: 'line',
      ...ofSet('docker.network'),
      values: [valueOf('sum', 'container.network.ingress.bytes', 'Bytes a second', throughput)],
      by: [container],
      ...half,
    },
    {
      name: 'images',
      title: 'Images',
      shape: 'table',
      ...ofSet('docker.memory'),
      values: [
        valueOf('unique_count', 'container.id', 'Containers'),
        valueOf('max', 'docker.memory.usage.pct', 'Memory at most', share),
      ],
      by: [by('container.image.name', 'Image', 50)],
      width: 48,
      height: 12,
    },
  ],
};
