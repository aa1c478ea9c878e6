import assert from 'node:assert/strict';
import { cpus, totalmem, uptime } from 'node:os';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import type { Metric } from '../../platform/document.ts';
import { otherSets } from './other.ts';
import { fieldAt, numberAt, numbersIn, testMetricsOptions } from './testing/metric-fields.ts';

/** The library itself, on the machine that runs the test: Linux will do, where it knows most. */
test('systeminformation gives the same fields where there is no /proc', async () => {
  const sets = await otherSets({ options: { ...testMetricsOptions, processes_top: 2 }, clock: systemClock });
  const names = sets.map(({ name }) => name);
  assert.deepEqual(names, ['cpu', 'load', 'memory', 'diskio', 'filesystem', 'network', 'process', 'uptime', 'host']);
  const metrics = new Map<string, Metric>();
  for (const set of sets) {
    for (const metric of await set.measure({ monotonicMs: 0, nowMs: 0 })) metrics.set(metric.dataset, metric);
  }
  assert.equal(numberAt(metrics.get('system.cpu'), 'system.cpu.cores'), cpus().length);
  assert.equal(numberAt(metrics.get('system.memory'), 'system.memory.total'), totalmem());
  assert.ok(Math.abs(numberAt(metrics.get('system.uptime'), 'system.uptime.duration.ms') / 1000 - uptime()) < 5);
  assert.ok(numberAt(metrics.get('system.process'), 'process.pid') > 0);
  assert.ok(String(fieldAt(metrics.get('system.host'), 'host.os.kernel')) !== '');
  for (const [path, value] of [...metrics.values()].flatMap((metric) => numbersIn(metric.fields))) {
    assert.ok(Number.isFinite(value) && value >= 0, `${path} is ${value}`);
    if (path.endsWith('norm.pct')) assert.ok(value <= 1, `${path} is ${value}`);
  }
});

test('mount points that the configuration leaves out are not measured', async () => {
  const measured = async (...exclude: string[]): Promise<number> => {
    const options = { ...testMetricsOptions, mount_points_exclude: exclude };
    const set = (await otherSets({ options, clock: systemClock })).find(({ name }) => name === 'filesystem');
    return (await set?.measure({ monotonicMs: 0, nowMs: 0 }))?.length ?? 0;
  };
  assert.ok((await measured()) > 0);
  assert.equal(await measured('/', '/**'), 0);
});
