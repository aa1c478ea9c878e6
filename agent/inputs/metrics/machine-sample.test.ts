import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '@tributary/protocol/platform/document.ts';
import { MachineSample } from './machine-sample.ts';

function sampleOf(sets: Readonly<Record<string, readonly Fields[]>>): unknown {
  const sample = new MachineSample();
  for (const [dataset, documents] of Object.entries(sets)) {
    for (const fields of documents) sample.add({ dataset, metricset: 'x', fields }, 10_000);
  }
  return sample.measured;
}

test('shares are percent, sums of a turn are a second, and of file systems the fullest counts', () => {
  const filesystem = (pct: number): Fields => ({ system: { filesystem: { mount_point: `/at-${pct}`, used: { pct } } } });
  const measured = sampleOf({
    'system.cpu': [{ host: { cpu: { usage: 0.2504 } } }],
    'system.load': [{ system: { load: { '1': 1.5 } } }],
    'system.memory': [{ system: { memory: { actual: { used: { pct: 0.5 } }, swap: { used: { pct: 0 } } } } }],
    'system.filesystem': [0.3, 0.9, 0.5].map((pct) => filesystem(pct)),
    'system.diskio': [{ system: { diskio: {} } }, { host: { disk: { read: { bytes: 5000 }, write: { bytes: 10 } } } }],
    'system.network': [{ host: { network: { ingress: { bytes: 5000 }, egress: { bytes: 14 } } } }],
  });
  const io = { disk_read: 500, disk_write: 1, net_in: 500, net_out: 1 };
  assert.deepEqual(measured, { cpu: 25, load1: 1.5, memory: 50, swap: 0, disk: 90, disk_mount: '/at-0.9', ...io });
});

test('where nothing of it was measured there is nothing to tell', () => {
  assert.equal(sampleOf({ 'system.process': [{ process: { pid: 1 } }], 'system.cpu': [{ host: {} }] }), undefined);
});
