import type { SetParts } from '../set-parts.ts';
import type { MetricSet } from '../metric-set.ts';
import { ContainerSet } from './containers/container-set.ts';
import { CpuSet } from './cpu.ts';
import { DiskioSet } from './diskio.ts';
import { FilesystemSet } from './filesystem.ts';
import { HostSet } from './host.ts';
import { LoadSet } from './load.ts';
import { unitsOf } from './machine.ts';
import { MemorySet } from './memory.ts';
import { NetworkSet } from './network.ts';
import { ProcReader } from './proc-reader.ts';
import { ProcessSet } from './process.ts';
import { SocketSummarySet } from './socket-summary.ts';
import { UptimeSet } from './uptime.ts';

/** From /proc, /sys and statfs: no process is started. */
export function linuxSets({ options, clock }: SetParts): readonly MetricSet[] {
  const reader = new ProcReader(options.host_root);
  const units = unitsOf(reader);
  const make = {
    cpu: () => new CpuSet(reader),
    load: () => new LoadSet(reader),
    memory: () => new MemorySet(reader),
    diskio: () => new DiskioSet(reader),
    filesystem: () =>
      new FilesystemSet({
        reader,
        clock,
        withOthers: options.network_file_systems,
        exclude: options.mount_points_exclude,
      }),
    network: () => new NetworkSet(reader),
    process: () => new ProcessSet({ reader, units, top: options.processes_top, commandLines: options.command_lines }),
    socket_summary: () => new SocketSummarySet(reader, units.pageBytes),
    uptime: () => new UptimeSet(reader),
    host: () => new HostSet(reader),
  } satisfies Record<(typeof options.sets)[number], () => MetricSet>;
  const sets: MetricSet[] = [...new Set(options.sets)].map((name) => make[name]());
  return options.containers ? [...sets, new ContainerSet(reader, units)] : sets;
}
