/**
 * Metrics where there is no /proc: by the library systeminformation, which starts programs of the system for some of them. It is loaded
 * only here.
 */
import type * as library from 'systeminformation';
import type { Systeminformation } from 'systeminformation';
import type { Metric } from '../../platform/document.ts';
import type { MetricSet } from './metric-set.ts';
import { isLeftOut } from './mount-points.ts';
import { ratio, round } from './ratio.ts';
import type { SetParts } from './set-parts.ts';

/** The part of the library that is used: a test gives its own. */
export type SystemInformation = Pick<
  typeof library,
  'currentLoad' | 'mem' | 'fsSize' | 'fsStats' | 'networkStats' | 'processes' | 'time' | 'osInfo' | 'system'
>;

export async function otherSets(parts: SetParts, given?: SystemInformation): Promise<readonly MetricSet[]> {
  const { mount_points_exclude: exclude } = parts.options;
  const system = given ?? (await import('systeminformation')).default;
  const measures: Partial<Record<(typeof parts.options.sets)[number], () => Promise<readonly Metric[]>>> = {
    cpu: async () => cpu(await system.currentLoad()),
    load: async () => load(await system.currentLoad()),
    memory: async () => memory(await system.mem()),
    diskio: async () => diskio(await system.fsStats()),
    filesystem: async () => filesystem((await system.fsSize()).filter(({ mount }) => !isLeftOut(mount, exclude))),
    network: async () => network(await system.networkStats('*')),
    process: async () => processes(await system.processes(), parts.options),
    uptime: async () => await Promise.resolve(uptime(system.time())),
    host: async () => host(await system.osInfo(), await system.system()),
  };
  return [...new Set(parts.options.sets)].flatMap((name) => {
    const measure = measures[name];
    return measure === undefined ? [] : [{ name, measure }];
  });
}

function cpu(data: Systeminformation.CurrentLoadData): readonly Metric[] {
  const cores = Math.max(1, data.cpus.length);
  const shares = (percent: number): object => ({ pct: round((percent / 100) * cores), norm: { pct: ratio(percent, 100) } });
  const fields = {
    cores,
    total: shares(data.currentLoad),
    user: shares(data.currentLoadUser),
    system: shares(data.currentLoadSystem),
    nice: shares(data.currentLoadNice),
    idle: shares(data.currentLoadIdle),
    irq: shares(data.currentLoadIrq),
  };
  const usage = ratio(data.currentLoad, 100);
  return [{ dataset: 'system.cpu', metricset: 'cpu', fields: { host: { cpu: { usage } }, system: { cpu: fields } } }];
}

function load({ avgLoad, cpus }: Systeminformation.CurrentLoadData): readonly Metric[] {
  const cores = Math.max(1, cpus.length);
  const fields = { cores, '1': avgLoad, norm: { '1': round(avgLoad / cores) } };
  return [{ dataset: 'system.load', metricset: 'load', fields: { system: { load: fields } } }];
}

function memory(data: Systeminformation.MemData): readonly Metric[] {
  const fields = {
    total: data.total,
    free: data.free,
    cached: data.cached,
    used: used(data.used, data.total),
    actual: { free: data.available, used: used(data.total - data.available, data.total) },
    swap: { total: data.swaptotal, free: data.swapfree, used: used(data.swapused, data.swaptotal) },
  };
  return [{ dataset: 'system.memory', metricset: 'memory', fields: { system: { memory: fields } } }];
}

function used(bytes: number, all: number): { readonly bytes: number; readonly pct: number } {
  return { bytes, pct: ratio(bytes, all) };
}

/** Null where the system does not tell it. */
function diskio(data: Systeminformation.FsStatsData | null): readonly Metric[] {
  if (data === null) return [];
  const disk = {
    read: { bytes: Math.round((data.rx_sec ?? 0) * (data.ms / 1000)) },
    write: { bytes: Math.round((data.wx_sec ?? 0) * (data.ms / 1000)) },
  };
  return [{ dataset: 'system.diskio', metricset: 'diskio', fields: { host: { disk } } }];
}

function filesystem(data: readonly Systeminformation.FsSizeData[]): readonly Metric[] {
  return data.map((one) => {
    const filesystemFields = {
      device_name: one.fs,
      mount_point: one.mount,
      type: one.type,
      total: one.size,
      available: one.available,
      free: Math.max(0, one.size - one.used),
      used: { bytes: one.used, pct: ratio(one.used, one.used + one.available) },
    };
    return { dataset: 'system.filesystem', metricset: 'filesystem', fields: { system: { filesystem: filesystemFields } } };
  });
}

function network(data: readonly Systeminformation.NetworkStatsData[]): readonly Metric[] {
  return data.map((one) => {
    const fields = {
      name: one.iface,
      in: { bytes: one.rx_bytes, errors: one.rx_errors, dropped: one.rx_dropped },
      out: { bytes: one.tx_bytes, errors: one.tx_errors, dropped: one.tx_dropped },
    };
    return { dataset: 'system.network', metricset: 'network', fields: { system: { network: fields } } };
  });
}

function processes(
  data: Systeminformation.ProcessesData,
  { processes_top: top, command_lines: commandLines }: SetParts['options'],
): readonly Metric[] {
  const summary = { total: data.all, running: data.running, sleeping: data.sleeping, unknown: data.unknown };
  const byCpu = data.list.toSorted((a, b) => b.cpu - a.cpu).slice(0, top);
  const byMemory = data.list.toSorted((a, b) => b.memRss - a.memRss).slice(0, top);
  const described = [...new Set([...byCpu, ...byMemory])].map((one): Metric => {
    const line = commandLines && one.command !== '' ? `${one.command} ${one.params}`.trim() : undefined;
    const norm = ratio(one.cpu, 100);
    const process = {
      pid: one.pid,
      ppid: one.parentPid,
      name: one.name,
      ...(line === undefined ? {} : { command_line: line }),
      cpu: { pct: norm },
      memory: { pct: ratio(one.mem, 100) },
    };
    const system = {
      state: one.state,
      cpu: { total: { norm: { pct: norm } } },
      memory: { size: one.memVsz * 1024, rss: { bytes: one.memRss * 1024, pct: ratio(one.mem, 100) } },
    };
    const fields = { process, user: { name: one.user }, system: { process: system } };
    return { dataset: 'system.process', metricset: 'process', fields };
  });
  const whole = { dataset: 'system.process.summary', metricset: 'process_summary', fields: { system: { process: { summary } } } };
  return [whole, ...described];
}

function uptime({ uptime: seconds }: Systeminformation.TimeData): readonly Metric[] {
  const fields = { host: { uptime: Math.floor(seconds) }, system: { uptime: { duration: { ms: Math.round(seconds * 1000) } } } };
  return [{ dataset: 'system.uptime', metricset: 'uptime', fields }];
}

function host(os: Systeminformation.OsData, system: Systeminformation.SystemData): readonly Metric[] {
  const type = os.platform === 'darwin' ? 'macos' : os.platform.toLowerCase();
  const fields = {
    hostname: os.hostname,
    architecture: os.arch,
    os: { type, platform: os.platform, name: os.distro, version: os.release, kernel: os.kernel, codename: os.codename },
  };
  const hardware = { vendor: system.manufacturer, model: system.model };
  return [{ dataset: 'system.host', metricset: 'host', fields: { host: fields, tributary: { hardware } } }];
}
