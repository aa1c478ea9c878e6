/** A real container, measured by its control group. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { linuxSets } from '@tributary/agent/inputs/metrics/linux/linux-sets.ts';
import { fieldAt, numberAt, testMetricsOptions } from '@tributary/agent/inputs/metrics/testing/metric-fields.ts';
import type { Metric } from '@tributary/agent/platform/document.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { Podman } from '../harness/podman.ts';
import { requireTool } from '../harness/require.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('podman')) ?? (await requireTool('runc'));

test('a container that computes is found, with its processor time and memory', { skip, timeout: 600_000 }, async () => {
  const podman = await Podman.make();
  const running = podman.run({ log: `${podman.folder}/log`, script: 'while :; do :; done' });
  const ended = running.then(
    () => 'ended',
    (error: unknown) => String(error),
  );
  try {
    const measure = async (): Promise<readonly Metric[]> => {
      const set = linuxSets({ options: testMetricsOptions, clock: systemClock }).at(-1);
      assert.equal(set?.name, 'containers');
      await set.measure({ monotonicMs: performance.now(), nowMs: Date.now() });
      await sleep(1000);
      return await set.measure({ monotonicMs: performance.now(), nowMs: Date.now() });
    };
    let busy: Metric | undefined;
    let own: readonly Metric[] = [];
    const isBusy = (metric: Metric): boolean =>
      metric.dataset === 'docker.cpu' &&
      fieldAt(metric, 'container.runtime') === 'podman' &&
      numberAt(metric, 'docker.cpu.total.pct') > 0.05;
    await until(
      'it is found',
      async () => {
        const metrics = await measure();
        busy = metrics.find(isBusy);
        own = metrics.filter((metric) => fieldAt(metric, 'container.id') === fieldAt(busy, 'container.id'));
        return busy !== undefined;
      },
      { deadlineMs: 120_000 },
    );
    assert.ok(numberAt(busy, 'docker.cpu.total.pct') <= 1.2, 'one shell takes no more than one processor');
    const memory = own.find(({ dataset }) => dataset === 'docker.memory');
    assert.ok(numberAt(memory, 'docker.memory.usage.total') > 0);
    assert.ok(!own.some(({ dataset }) => dataset === 'docker.network'), "it has the machine's network");
  } finally {
    await podman[Symbol.asyncDispose]();
    await ended;
  }
});
