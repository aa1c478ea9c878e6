/**
 * Each container's processor time, memory, disk and network, in the field names of Metricbeat's docker module and of ECS, whatever runs it.
 * Groups are looked for now and then, and at once when one is gone; a container that ends meanwhile is passed over.
 */
import { join } from 'node:path';
import type { Metric } from '../../../../platform/document.ts';
import type { MetricSet, Moment } from '../../metric-set.ts';
import { growth, ratio, round } from '../../ratio.ts';
import { coresOf } from '../cpu.ts';
import type { Units } from '../machine.ts';
import { memoryBytesOf } from '../memory.ts';
import { added, type Interface, interfacesOf } from '../network.ts';
import type { ProcReader } from '../proc-reader.ts';
import { findContainers, type FoundContainer, type Hierarchy, hierarchyOf } from './find-containers.ts';
import { type GroupUsage, type Io, usageOf } from './group-usage.ts';
import { namesOf } from './container-names.ts';

interface Container {
  readonly found: FoundContainer;
  readonly fields: Fields;
  before: { readonly usage: GroupUsage; readonly atMs: number } | undefined;
  networkBefore: ReadonlyMap<string, Interface> | undefined;
}

interface Whole {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly atMs: number;
}

const searchEveryMs = 30_000;

export class ContainerSet implements MetricSet {
  readonly name = 'containers';
  readonly #reader: ProcReader;
  readonly #units: Units;
  readonly #hierarchy: Hierarchy | undefined;
  #containers = new Map<string, Container>();
  #searchedMs = Number.NEGATIVE_INFINITY;

  constructor(reader: ProcReader, units: Units) {
    this.#reader = reader;
    this.#units = units;
    this.#hierarchy = hierarchyOf(reader);
  }

  measure({ monotonicMs: atMs }: Moment): readonly Metric[] {
    const hierarchy = this.#hierarchy;
    if (hierarchy === undefined) return [];
    if (atMs - this.#searchedMs >= searchEveryMs) this.#search(hierarchy, atMs);
    if (this.#containers.size === 0) return [];
    const whole: Whole = { cores: coresOf(this.#reader), memoryBytes: memoryBytesOf(this.#reader), atMs };
    const metrics: Metric[] = [];
    for (const container of this.#containers.values()) {
      const usage = usageOf(this.#reader, hierarchy, container.found.group, this.#units);
      if (usage === undefined) this.#searchedMs = Number.NEGATIVE_INFINITY;
      else metrics.push(...this.#measureOne(container, usage, whole, hierarchy));
    }
    return metrics;
  }

  #search(hierarchy: Hierarchy, atMs: number): void {
    this.#searchedMs = atMs;
    const containers = new Map<string, Container>();
    for (const found of findContainers(hierarchy)) {
      containers.set(found.id, this.#containers.get(found.id) ?? this.#describe(found));
    }
    this.#containers = containers;
  }

  #describe(found: FoundContainer): Container {
    const { id, runtime, podUid } = found;
    const { name, image } = namesOf(this.#reader, found);
    const container = {
      id,
      ...(runtime === undefined ? {} : { runtime }),
      ...(name === undefined ? {} : { name }),
      ...(image === undefined ? {} : { image: { name: image } }),
    };
    const fields = { container, ...(podUid === undefined ? {} : { kubernetes: { pod: { uid: podUid } } }) };
    return { found, fields, before: undefined, networkBefore: undefined };
  }

  #measureOne(container: Container, usage: GroupUsage, whole: Whole, hierarchy: Hierarchy): readonly Metric[] {
    const { before } = container;
    container.before = { usage, atMs: whole.atMs };
    const metrics = [metric('memory', container, memoryFields(usage, whole))];
    if (before !== undefined && whole.atMs > before.atMs) {
      const elapsedMs = whole.atMs - before.atMs;
      metrics.push(metric('cpu', container, cpuFields(usage, before.usage, elapsedMs, whole.cores)));
      metrics.push(metric('diskio', container, diskFields(usage, before.usage, elapsedMs)));
    }
    return [...metrics, ...this.#network(container, hierarchy)];
  }

  /** As the container's first process sees it; nothing for one that has the machine's own network. */
  #network(container: Container, hierarchy: Hierarchy): readonly Metric[] {
    const reader = this.#reader;
    const pid = Number.parseInt(reader.text(join(hierarchy.folder('memory'), container.found.group, 'cgroup.procs')), 10);
    if (!(pid > 0)) return [];
    const space = reader.link(reader.proc(`${pid}/ns/net`));
    if (space === '' || space === reader.link(reader.ofMachine('ns/net'))) return [];
    const bytes = reader.read(reader.proc(`${pid}/net/dev`));
    if (bytes === undefined) return [];
    const now = new Map(
      interfacesOf(bytes)
        .filter(({ name }) => name !== 'lo')
        .map((one) => [one.name, one]),
    );
    const { networkBefore } = container;
    container.networkBefore = now;
    const metrics = [...now.values()].map((one) =>
      metric('network', container, { docker: { network: { interface: one.name, inbound: one.in, outbound: one.out } } }),
    );
    if (networkBefore === undefined || now.size === 0) return metrics;
    const sums = {
      ingress: { bytes: added(networkBefore, now, 'in').bytes },
      egress: { bytes: added(networkBefore, now, 'out').bytes },
    };
    return [...metrics, metric('network', container, { container: { network: sums } })];
  }
}

type Fields = Readonly<Record<string, unknown>> & { readonly container?: Readonly<Record<string, unknown>> };

function metric(metricset: string, { fields }: Container, measured: Fields): Metric {
  const container = { ...fields.container, ...measured.container };
  return { dataset: `docker.${metricset}`, metricset, fields: { ...fields, ...measured, container } };
}

function cpuFields(now: GroupUsage, before: GroupUsage, elapsedMs: number, cores: number): Fields {
  const share = (ms: number, msBefore: number): { readonly pct: number; readonly norm: { readonly pct: number } } => {
    const used = Math.min(cores, growth(ms, msBefore) / elapsedMs);
    return { pct: round(used), norm: { pct: ratio(used, cores) } };
  };
  const total = share(now.cpu.totalMs, before.cpu.totalMs);
  return {
    container: { cpu: { usage: total.norm.pct } },
    docker: {
      cpu: { total, user: share(now.cpu.userMs, before.cpu.userMs), kernel: share(now.cpu.systemMs, before.cpu.systemMs) },
    },
  };
}

function memoryFields({ memory }: GroupUsage, { memoryBytes }: Whole): Fields {
  const { usageBytes, rssBytes, peakBytes } = memory;
  const limit = Math.min(memory.limitBytes ?? memoryBytes, memoryBytes);
  const usage = { total: usageBytes, pct: ratio(usageBytes, limit), ...(peakBytes === undefined ? {} : { max: peakBytes }) };
  return {
    container: { memory: { usage: usage.pct } },
    docker: { memory: { limit, usage, rss: { total: rssBytes, pct: ratio(rssBytes, limit) } } },
  };
}

function diskFields(now: GroupUsage, before: GroupUsage, elapsedMs: number): Fields {
  const perSecond = (ops: number, opsBefore: number): number => round((growth(ops, opsBefore) * 1000) / elapsedMs);
  const summary: Io = { bytes: now.read.bytes + now.write.bytes, ops: now.read.ops + now.write.ops };
  const reads = perSecond(now.read.ops, before.read.ops);
  const writes = perSecond(now.write.ops, before.write.ops);
  return {
    container: {
      disk: {
        read: { bytes: growth(now.read.bytes, before.read.bytes) },
        write: { bytes: growth(now.write.bytes, before.write.bytes) },
      },
    },
    docker: {
      diskio: {
        read: { ...now.read, rate: reads },
        write: { ...now.write, rate: writes },
        summary: { ...summary, rate: round(reads + writes) },
      },
    },
  };
}
