import assert from 'node:assert/strict';
import type { Metric } from '../../../platform/document.ts';
import type { MetricsInputOptions } from '../options.ts';
import { setNames } from '../set-names.ts';

export const testMetricsOptions: MetricsInputOptions = {
  sets: [...setNames],
  interval: 10_000,
  intervals: {},
  processes_top: 10,
  command_lines: true,
  containers: true,
  network_file_systems: false,
  mount_points_exclude: [],
  host_root: '/',
  labels: {},
  overflow: 'drop_newest',
};

/** The value at a path such as `system.cpu.cores`. */
export function fieldAt(metric: Metric | undefined, path: string): unknown {
  let value: unknown = metric?.fields;
  for (const name of path.split('.')) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return value;
}

export function numberAt(metric: Metric | undefined, path: string): number {
  const value = fieldAt(metric, path);
  assert.ok(typeof value === 'number', `${path} is a number in ${JSON.stringify(metric)}`);
  return value;
}

/** Every number below a value, with its path. */
export function numbersIn(value: unknown, path = ''): readonly (readonly [path: string, value: number])[] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => numbersIn(inner, path === '' ? name : `${path}.${name}`));
}
