import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Metric } from '../../../../platform/document.ts';
import { fieldAt, numberAt } from '../../testing/metric-fields.ts';
import { ProcReader } from '../proc-reader.ts';
import { ContainerSet } from './container-set.ts';
import { findContainers, hierarchyOf } from './find-containers.ts';

const units = { pageBytes: 4096, ticksPerSecond: 100 };
const ids = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(64));
const [docker = '', podman = '', pod = '', bare = '', old = ''] = ids;
const podSlice = 'kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d_1111_2222_3333_444455556666.slice';

type Files = Readonly<Record<string, string>>;

/** A machine of two processors and 1 GiB, as its root would look. */
function makeRoot(t: TestContext, files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'tributary-cgroup-'));
  t.after(() => rmSync(root, { recursive: true }));
  write(root, {
    'proc/stat': 'cpu  1 1 1 1 1 1 1 1\ncpu0 1 1 1 1 1 1 1 1\ncpu1 1 1 1 1 1 1 1 1\nbtime 1\n',
    'proc/meminfo': 'MemTotal:        1048576 kB\nMemFree: 5 kB\n',
    ...files,
  });
  return root;
}

function write(root: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

function group2(path: string, used: { readonly ms: number; readonly readBytes: number; readonly limit?: string }): Files {
  const folder = join('sys/fs/cgroup', path);
  const usec = used.ms * 1000;
  return {
    [`${folder}/cpu.stat`]: `usage_usec ${usec}\nuser_usec ${usec / 2}\nsystem_usec ${usec / 2}\nnr_periods 0\n`,
    [`${folder}/memory.current`]: '104857600\n',
    [`${folder}/memory.max`]: `${used.limit ?? 'max'}\n`,
    [`${folder}/memory.peak`]: '200000000\n',
    [`${folder}/memory.stat`]: 'anon 52428800\nfile 1000\n',
    [`${folder}/io.stat`]: `254:0 rbytes=${used.readBytes} wbytes=100 rios=${used.readBytes / 100} wios=1 dbytes=0 dios=0\n8:0 rbytes=1 wbytes=2 rios=1 wios=1\n`,
    [`${folder}/cgroup.procs`]: '77\n78\n',
  };
}

function netDev(received: number): string {
  const line = (name: string, bytes: number): string => `${name}: ${bytes} 10 1 2 0 0 0 0 ${bytes * 2} 20 3 4 0 0 0 0\n`;
  return `Inter-|\n face |\n${line('    lo', 99)}${line('  eth0', received)}`;
}

function of(metrics: readonly Metric[], dataset: string, id: string): Metric | undefined {
  return metrics.find((metric) => metric.dataset === dataset && fieldAt(metric, 'container.id') === id);
}

test('containers are found as each manager names their groups', (t) => {
  const root = makeRoot(t, {
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    ...group2(`system.slice/docker-${docker}.scope`, { ms: 1, readBytes: 0 }),
    ...group2(`machine.slice/libpod-${podman}.scope/container`, { ms: 1, readBytes: 0 }),
    ...group2(`machine.slice/libpod-conmon-${podman}.scope`, { ms: 1, readBytes: 0 }),
    ...group2(`${podSlice}/cri-containerd-${pod}.scope`, { ms: 1, readBytes: 0 }),
    ...group2(`kubepods/besteffort/pod0a1b2c3d-1111-2222-3333-444455556667/${bare}`, { ms: 1, readBytes: 0 }),
    ...group2(`docker/${old}`, { ms: 1, readBytes: 0 }),
    ...group2('system.slice/ssh.service', { ms: 1, readBytes: 0 }),
  });
  const hierarchy = hierarchyOf(new ProcReader(root));
  assert.ok(hierarchy !== undefined);
  const found = findContainers(hierarchy).toSorted((a, b) => a.id.localeCompare(b.id));
  assert.deepEqual(
    found.map(({ id, runtime, podUid }) => [id, runtime, podUid]),
    [
      [docker, 'docker', undefined],
      [podman, 'podman', undefined],
      [pod, 'containerd', '0a1b2c3d-1111-2222-3333-444455556666'],
      [bare, undefined, '0a1b2c3d-1111-2222-3333-444455556667'],
      [old, 'docker', undefined],
    ],
  );
});

test('version 2: processor, memory, disk and network of a container', (t) => {
  const group = `system.slice/docker-${docker}.scope`;
  const root = makeRoot(t, {
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    ...group2(group, { ms: 1000, readBytes: 1000, limit: '209715200' }),
    'proc/77/net/dev': netDev(1000),
    [`var/lib/docker/containers/${docker}/config.v2.json`]: JSON.stringify({ Name: '/web', Config: { Image: 'nginx:1' } }),
  });
  mkdirSync(join(root, 'proc/77/ns'), { recursive: true });
  symlinkSync('net:[2]', join(root, 'proc/77/ns/net'));
  const set = new ContainerSet(new ProcReader(root), units);
  const first = set.measure({ monotonicMs: 0, nowMs: 0 });
  assert.deepEqual(
    first.map(({ dataset }) => dataset),
    ['docker.memory', 'docker.network'],
    'what needs two looks comes with the second',
  );
  write(root, { ...group2(group, { ms: 6000, readBytes: 3000, limit: '209715200' }), 'proc/77/net/dev': netDev(1500) });
  const second = set.measure({ monotonicMs: 10_000, nowMs: 0 });
  const cpu = of(second, 'docker.cpu', docker);
  assert.deepEqual(fieldAt(cpu, 'docker.cpu.total'), { pct: 0.5, norm: { pct: 0.25 } });
  assert.deepEqual(fieldAt(cpu, 'docker.cpu.user'), { pct: 0.25, norm: { pct: 0.125 } });
  assert.equal(numberAt(cpu, 'container.cpu.usage'), 0.25);
  assert.equal(fieldAt(cpu, 'container.name'), 'web');
  assert.equal(fieldAt(cpu, 'container.image.name'), 'nginx:1');
  assert.equal(fieldAt(cpu, 'container.runtime'), 'docker');
  const memory = of(second, 'docker.memory', docker);
  assert.deepEqual(fieldAt(memory, 'docker.memory'), {
    limit: 209_715_200,
    usage: { total: 104_857_600, pct: 0.5, max: 200_000_000 },
    rss: { total: 52_428_800, pct: 0.25 },
  });
  const disk = of(second, 'docker.diskio', docker);
  assert.deepEqual(fieldAt(disk, 'docker.diskio.read'), { bytes: 3001, ops: 31, rate: 2 });
  assert.deepEqual(fieldAt(disk, 'container.disk'), { read: { bytes: 2000 }, write: { bytes: 0 } });
  const networks = second.filter(({ dataset }) => dataset === 'docker.network');
  assert.deepEqual(fieldAt(networks[0], 'docker.network'), {
    interface: 'eth0',
    inbound: { bytes: 1500, packets: 10, errors: 1, dropped: 2 },
    outbound: { bytes: 3000, packets: 20, errors: 3, dropped: 4 },
  });
  assert.deepEqual(fieldAt(networks[1], 'container.network'), { ingress: { bytes: 500 }, egress: { bytes: 1000 } });
});

test("one with the machine's own network has no network of its own", (t) => {
  const root = makeRoot(t, {
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    ...group2(`docker/${docker}`, { ms: 1, readBytes: 0 }),
    'proc/77/net/dev': netDev(1000),
  });
  for (const pid of ['1', '77']) {
    mkdirSync(join(root, 'proc', pid, 'ns'), { recursive: true });
    symlinkSync('net:[1]', join(root, 'proc', pid, 'ns/net'));
  }
  const set = new ContainerSet(new ProcReader(root), units);
  assert.deepEqual(
    set.measure({ monotonicMs: 0, nowMs: 0 }).map(({ dataset }) => dataset),
    ['docker.memory'],
  );
});

test('version 1: each controller in its own hierarchy; no limit is that of the machine', (t) => {
  const files = (ns: number): Files => ({
    [`sys/fs/cgroup/cpuacct/docker/${docker}/cpuacct.usage`]: `${ns}\n`,
    [`sys/fs/cgroup/cpuacct/docker/${docker}/cpuacct.stat`]: 'user 50\nsystem 10\n',
    [`sys/fs/cgroup/memory/docker/${docker}/memory.usage_in_bytes`]: '536870912\n',
    [`sys/fs/cgroup/memory/docker/${docker}/memory.limit_in_bytes`]: '9223372036854771712\n',
    [`sys/fs/cgroup/memory/docker/${docker}/memory.max_usage_in_bytes`]: '536870913\n',
    [`sys/fs/cgroup/memory/docker/${docker}/memory.stat`]: 'cache 1\nrss 2\ntotal_rss 107374182\n',
    [`sys/fs/cgroup/blkio/docker/${docker}/blkio.throttle.io_service_bytes`]: `8:0 Read ${ns}\n8:0 Write 5\n8:0 Total 6\nTotal 9\n`,
    [`sys/fs/cgroup/blkio/docker/${docker}/blkio.throttle.io_serviced`]: '8:0 Read 7\n8:0 Write 8\n',
  });
  const root = makeRoot(t, files(0));
  const set = new ContainerSet(new ProcReader(root), units);
  set.measure({ monotonicMs: 0, nowMs: 0 });
  write(root, files(2e9));
  const metrics = set.measure({ monotonicMs: 10_000, nowMs: 0 });
  assert.deepEqual(fieldAt(of(metrics, 'docker.cpu', docker), 'docker.cpu.total'), { pct: 0.2, norm: { pct: 0.1 } });
  assert.deepEqual(fieldAt(of(metrics, 'docker.memory', docker), 'docker.memory'), {
    limit: 1024 ** 3,
    usage: { total: 536_870_912, pct: 0.5, max: 536_870_913 },
    rss: { total: 107_374_182, pct: 0.1 },
  });
  assert.deepEqual(fieldAt(of(metrics, 'docker.diskio', docker), 'docker.diskio.summary'), { bytes: 2e9 + 5, ops: 15, rate: 0 });
});

test('containers come and go', (t) => {
  const root = makeRoot(t, {
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    ...group2(`docker/${docker}`, { ms: 1, readBytes: 0 }),
  });
  const set = new ContainerSet(new ProcReader(root), units);
  const idsAt = (monotonicMs: number): string[] =>
    set
      .measure({ monotonicMs, nowMs: 0 })
      .filter(({ dataset }) => dataset === 'docker.memory')
      .map((metric) => String(fieldAt(metric, 'container.id')));
  assert.deepEqual(idsAt(0), [docker]);
  cpSync(join(root, 'sys/fs/cgroup/docker', docker), join(root, 'sys/fs/cgroup/docker', old), { recursive: true });
  assert.deepEqual(idsAt(10_000), [docker], 'groups are looked for now and then');
  assert.deepEqual(idsAt(30_000).toSorted(), [docker, old]);
  rmSync(join(root, 'sys/fs/cgroup/docker', docker), { recursive: true });
  assert.deepEqual(idsAt(31_000), [old], 'one that is gone is passed over');
  assert.deepEqual(idsAt(32_000), [old]);
});

test('without control groups there is nothing, and nothing breaks', (t) => {
  const set = new ContainerSet(new ProcReader(makeRoot(t, {})), units);
  assert.deepEqual(set.measure({ monotonicMs: 0, nowMs: 0 }), []);
});
