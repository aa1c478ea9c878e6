/** The values of the sets beside what other programs and the files themselves say, on the machine that runs the test. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { arch, cpus, totalmem, uptime } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@tributary/shared/clock.ts';
import { cpuSecondsOf } from '../harness/program.ts';
import { requireTool } from '../harness/require.ts';
import { linuxSets } from '@tributary/agent/inputs/metrics/linux/linux-sets.ts';
import type { MetricSet } from '@tributary/agent/inputs/metrics/metric-set.ts';
import { fieldAt, numberAt, numbersIn, testMetricsOptions } from '@tributary/agent/inputs/metrics/testing/metric-fields.ts';
import type { Metric } from '@tributary/agent/platform/document.ts';

const skip = process.platform === 'linux' ? await requireTool('procps') : 'only Linux has /proc';

async function measureOnce(set: MetricSet): Promise<readonly Metric[]> {
  return await set.measure({ monotonicMs: performance.now(), nowMs: Date.now() });
}

function setOf(name: (typeof testMetricsOptions.sets)[number], options: Partial<typeof testMetricsOptions> = {}): MetricSet {
  const [set] = linuxSets({
    options: { ...testMetricsOptions, containers: false, ...options, sets: [name] },
    clock: systemClock,
  });
  assert.ok(set !== undefined);
  return set;
}

/** Within a part of each other, as the machine goes on between two readings. */
function assertNear(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

test('cpu: cores and ticks are those of the machine, shares add up', { skip }, async () => {
  const set = setOf('cpu');
  assert.deepEqual(await measureOnce(set), [], 'of the first look no share is known');
  await sleep(150);
  const [metric] = await measureOnce(set);
  assert.equal(numberAt(metric, 'system.cpu.cores'), cpus().length);
  const idle = cpus().reduce((sum, { times }) => sum + times.idle, 0) / 10;
  assertNear(numberAt(metric, 'system.cpu.idle.ticks'), idle, 100);
  const states = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];
  const all = states.reduce((sum, state) => sum + numberAt(metric, `system.cpu.${state}.norm.pct`), 0);
  assertNear(all, 1, 0.001);
  const resting = numberAt(metric, 'system.cpu.idle.norm.pct') + numberAt(metric, 'system.cpu.iowait.norm.pct');
  assertNear(numberAt(metric, 'system.cpu.total.norm.pct'), 1 - resting, 0.001);
  assertNear(numberAt(metric, 'system.cpu.total.pct'), numberAt(metric, 'system.cpu.total.norm.pct') * cpus().length, 0.001);
});

test('load: as /proc/loadavg and nproc say', { skip }, async () => {
  const [metric] = await measureOnce(setOf('load'));
  const [one] = readFileSync('/proc/loadavg', 'utf8').split(' ').map(Number);
  assertNear(numberAt(metric, 'system.load.1'), one ?? Number.NaN, 0.5);
  assert.equal(numberAt(metric, 'system.load.cores'), Number(execFileSync('nproc', { encoding: 'utf8' })));
});

test('memory: as free says', { skip }, async () => {
  const [metric] = await measureOnce(setOf('memory'));
  const free = execFileSync('free', ['-b'], { encoding: 'utf8' }).split('\n');
  const [, total, , freeBytes, , , available] = (free[1] ?? '').split(/\s+/).map(Number);
  const [, swapTotal] = (free[2] ?? '').split(/\s+/).map(Number);
  const tolerance = 200 * 1024 * 1024;
  assert.equal(numberAt(metric, 'system.memory.total'), total);
  assert.equal(numberAt(metric, 'system.memory.total'), totalmem());
  assert.equal(numberAt(metric, 'system.memory.swap.total'), swapTotal);
  assertNear(numberAt(metric, 'system.memory.free'), freeBytes ?? Number.NaN, tolerance);
  assertNear(numberAt(metric, 'system.memory.actual.free'), available ?? Number.NaN, tolerance);
  const used = numberAt(metric, 'system.memory.actual.used.bytes');
  assertNear(numberAt(metric, 'system.memory.actual.used.pct'), used / totalmem(), 0.001);
});

test('filesystem: the root file system as df says', { skip }, async () => {
  const metrics = await measureOnce(setOf('filesystem'));
  const root = metrics.find((metric) => fieldAt(metric, 'system.filesystem.mount_point') === '/');
  const columns = ['--output=size,avail,pcent,itotal,source,fstype', '/'];
  const df =
    execFileSync('df', ['-B1', ...columns], { encoding: 'utf8' })
      .split('\n')[1]
      ?.trim()
      .split(/\s+/) ?? [];
  const isMadeUp = df[5] === 'overlay' || df[5] === 'tmpfs';
  if (isMadeUp) return assert.equal(root, undefined, 'a root that the kernel makes up is no file system of its own');
  const tolerance = 1024 * 1024 * 1024;
  assert.equal(numberAt(root, 'system.filesystem.total'), Number(df[0]));
  assertNear(numberAt(root, 'system.filesystem.available'), Number(df[1]), tolerance);
  assertNear(numberAt(root, 'system.filesystem.used.pct') * 100, Number.parseInt(df[2] ?? '', 10), 1.1);
  assert.equal(numberAt(root, 'system.filesystem.files'), Number(df[3]));
  assert.equal(fieldAt(root, 'system.filesystem.device_name'), df[4]);
  const sum = metrics.find(({ dataset }) => dataset === 'system.fsstat');
  assert.equal(numberAt(sum, 'system.fsstat.count'), metrics.length - 1);
});

test('diskio and network: as the files in /sys say', { skip }, async () => {
  const disks = (await measureOnce(setOf('diskio'))).filter((metric) => fieldAt(metric, 'system.diskio.name') !== undefined);
  for (const disk of disks) {
    const name = String(fieldAt(disk, 'system.diskio.name'));
    if (!readdirSync('/sys/block').includes(name)) continue;
    const stat = readFileSync(`/sys/block/${name}/stat`, 'utf8').trim().split(/\s+/).map(Number);
    assertNear(numberAt(disk, 'system.diskio.read.count'), stat[0] ?? Number.NaN, 10_000);
    assertNear(numberAt(disk, 'system.diskio.write.bytes'), (stat[6] ?? Number.NaN) * 512, 1e9);
  }
  const networks = await measureOnce(setOf('network'));
  const names = networks.map((metric) => String(fieldAt(metric, 'system.network.name'))).toSorted();
  assert.deepEqual(
    names,
    readdirSync('/sys/class/net')
      .filter((name) => name !== 'bonding_masters')
      .toSorted(),
  );
  const lo = networks.find((metric) => fieldAt(metric, 'system.network.name') === 'lo');
  const received = Number(readFileSync('/sys/class/net/lo/statistics/rx_bytes', 'utf8'));
  assertNear(numberAt(lo, 'system.network.in.bytes'), received, 1e9);
});

test('uptime and host: as the system says', { skip }, async () => {
  const [up] = await measureOnce(setOf('uptime'));
  assertNear(numberAt(up, 'system.uptime.duration.ms') / 1000, uptime(), 2);
  const [host] = await measureOnce(setOf('host'));
  assert.equal(fieldAt(host, 'host.os.kernel'), execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim());
  if (arch() === 'x64')
    assert.equal(fieldAt(host, 'host.architecture'), execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim());
});

test('process: one that computes is told, with its time, memory, arguments and user as ps says', { skip }, async () => {
  // On a machine that is busy with other things it is not one of the first.
  const set = setOf('process', { processes_top: 40 });
  const busy = spawn(process.execPath, ['-e', 'for (;;) {}', 'an argument', ''], { stdio: 'ignore' });
  try {
    await once(busy, 'spawn');
    assert.deepEqual(
      (await measureOnce(set)).map(({ dataset }) => dataset),
      ['system.process.summary'],
      'of the first look no share is known',
    );
    const [ranBefore, startMs] = [cpuSecondsOf(readFileSync(`/proc/${busy.pid}/stat`, 'utf8')), performance.now()];
    await sleep(500);
    const metrics = await measureOnce(set);
    const ran = cpuSecondsOf(readFileSync(`/proc/${busy.pid}/stat`, 'utf8')) - ranBefore;
    const own = metrics.find((metric) => fieldAt(metric, 'process.pid') === busy.pid);
    assert.ok(own !== undefined, 'it is among the first');
    assertNear(numberAt(own, 'system.process.cpu.total.pct'), (ran * 1000) / (performance.now() - startMs), 0.2);
    assert.ok(metrics.length <= 1 + 80);
    assert.deepEqual(fieldAt(own, 'process.args'), [process.execPath, '-e', 'for (;;) {}', 'an argument']);
    const columns = ['-o', 'ppid=,pgid=,rss=,vsz=,user=,nlwp=', '-p', String(busy.pid)];
    const ps = execFileSync('ps', columns, { encoding: 'utf8' }).trim().split(/\s+/);
    assert.equal(numberAt(own, 'process.ppid'), Number(ps[0]));
    assert.equal(numberAt(own, 'process.pgid'), Number(ps[1]));
    assertNear(numberAt(own, 'system.process.memory.rss.bytes'), Number(ps[2]) * 1024, 30e6);
    assertNear(numberAt(own, 'system.process.memory.size'), Number(ps[3]) * 1024, 1e9);
    assert.equal(fieldAt(own, 'user.name'), ps[4]);
    assertNear(numberAt(own, 'system.process.num_threads'), Number(ps[5]), 3);
    const [summary] = metrics;
    const listed = execFileSync('ps', ['-A', '-o', 'pid='], { encoding: 'utf8' }).trim().split('\n').length;
    assertNear(numberAt(summary, 'system.process.summary.total'), listed, 40);
    const started = Date.parse(String(fieldAt(own, 'process.cpu.start_time')));
    assertNear(started, Date.now(), 60_000);
  } finally {
    busy.kill('SIGKILL');
  }
});

test('command lines are left out when they are not wanted', { skip }, async () => {
  const set = setOf('process', { command_lines: false });
  await measureOnce(set);
  await sleep(50);
  const text = JSON.stringify(await measureOnce(set));
  assert.ok(text.includes('"process":{"pid"') && !text.includes('"args"') && !text.includes('"cmdline"'));
});

test('socket_summary: as /proc/net/sockstat says', { skip }, async () => {
  const [metric] = await measureOnce(setOf('socket_summary'));
  const tw = /^TCP: .* tw (\d+) /m.exec(readFileSync('/proc/net/sockstat', 'utf8'))?.[1];
  assertNear(numberAt(metric, 'system.socket.summary.tcp.all.time_wait'), Number(tw), 2000);
});

test('every share is between 0 and 1, every number at least 0', { skip }, async () => {
  const sets = linuxSets({ options: { ...testMetricsOptions, processes_top: 50 }, clock: systemClock });
  for (const set of sets) await measureOnce(set);
  await sleep(100);
  const metrics = (await Promise.all(sets.map(measureOnce))).flat();
  assert.ok(metrics.length > 15);
  for (const [path, value] of metrics.flatMap((metric) => numbersIn(metric.fields))) {
    assert.ok(Number.isFinite(value) && value >= 0, `${path} is ${value}`);
    const isOfCores = /(?:cpu|kernel|user|system|nice|idle|iowait|irq|softirq|steal|total)\.pct$/.test(path);
    if (path.endsWith('.pct') && !isOfCores) assert.ok(value <= 1, `${path} is ${value}`);
    if (isOfCores) assert.ok(value <= cpus().length, `${path} is ${value}`);
  }
});
