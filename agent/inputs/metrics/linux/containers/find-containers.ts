/**
 * Containers are found by their control groups: each manager names a group by the container's id, in its own way. The same paths hold in
 * the one hierarchy of version 2 and in each controller's of version 1.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcReader } from '../proc-reader.ts';

export type Runtime = 'docker' | 'podman' | 'containerd' | 'cri-o';

export interface FoundContainer {
  readonly id: string;
  readonly runtime: Runtime | undefined;
  /** Below the hierarchy's root. */
  readonly group: string;
  /** Of the pod it is in. */
  readonly podUid: string | undefined;
}

export interface Hierarchy {
  readonly version: 1 | 2;
  /** Where a controller's groups are; in version 2 all are in one place. */
  folder(controller: 'cpuacct' | 'memory' | 'blkio'): string;
}

/** Groups of containers are never nested deeper. */
const depthMax = 8;
const foldersMax = 20_000;
const prefixes: readonly (readonly [prefix: string, runtime: Runtime])[] = [
  ['docker-', 'docker'],
  ['libpod-', 'podman'],
  ['cri-containerd-', 'containerd'],
  ['crio-', 'cri-o'],
];
const bareId = /^[0-9a-f]{64}$/;
const scopedId = /^([a-z-]+-)([0-9a-f]{64})\.scope$/;
const podName = /pod([0-9a-f]{8}[-_][0-9a-f_-]{27,})(?:\.slice)?$/;

/** Undefined where there are no control groups. */
export function hierarchyOf(reader: ProcReader): Hierarchy | undefined {
  const root = reader.path('sys', 'fs', 'cgroup');
  const names = reader.names(root);
  if (names.includes('cgroup.controllers')) return { version: 2, folder: () => root };
  if (!names.includes('memory')) return undefined;
  return { version: 1, folder: (controller) => join(root, controller) };
}

export function findContainers(hierarchy: Hierarchy): readonly FoundContainer[] {
  const root = hierarchy.folder('memory');
  const found: FoundContainer[] = [];
  const left: { readonly group: string; readonly depth: number; readonly podUid: string | undefined }[] = [
    { group: '', depth: 0, podUid: undefined },
  ];
  for (let looked = 0; looked < foldersMax; looked += 1) {
    const next = left.pop();
    if (next === undefined) break;
    for (const name of foldersIn(join(root, next.group))) {
      const group = join(next.group, name);
      const container = containerOf(name, next.group);
      const podUid = podName.exec(name)?.[1]?.replaceAll('_', '-') ?? next.podUid;
      if (container !== undefined) found.push({ ...container, group, podUid });
      else if (next.depth < depthMax) left.push({ group, depth: next.depth + 1, podUid });
    }
  }
  return found;
}

/** A bare id is a container's where a manager's group holds it: `docker/ID`, `libpod_parent/libpod-ID`, `kubepods/…/ID`. */
function containerOf(name: string, parent: string): Pick<FoundContainer, 'id' | 'runtime'> | undefined {
  const [, prefix = '', scoped] = scopedId.exec(name) ?? [];
  if (scoped !== undefined) {
    const runtime = prefixes.find(([known]) => known === prefix)?.[1];
    return runtime === undefined ? undefined : { id: scoped, runtime };
  }
  for (const [known, runtime] of prefixes) {
    if (name.startsWith(known) && bareId.test(name.slice(known.length))) return { id: name.slice(known.length), runtime };
  }
  if (!bareId.test(name)) return undefined;
  return { id: name, runtime: /(?:^|\/)docker(?:\/|$)/.test(parent) ? 'docker' : undefined };
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    // A group that ended meanwhile.
    return [];
  }
}
