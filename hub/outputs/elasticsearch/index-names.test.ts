import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aliasOfDay,
  dataStreamParts,
  dayOf,
  indexOf,
  isOwnName,
  isWild,
  logsName,
  metricsName,
  nameTrouble,
  setOfMetrics,
} from './index-names.ts';

const dayMs = 86_400_000;
const rules = { indices: 'daily', dayPastMs: 30 * dayMs, dayFutureMs: dayMs } as const;

test('log types have a data stream each, or an index a day', () => {
  const name = logsName('acme', 'nginx_access');
  assert.equal(name, 'logs-nginx_access-acme');
  const lastMs = Date.UTC(2026, 11, 31, 23, 59, 59, 999);
  const dayIndex = (timeMs: number): string => indexOf(name, rules, { timeMs, receivedMs: lastMs });
  assert.equal(indexOf(name, { ...rules, indices: 'data_stream' }, { timeMs: lastMs, receivedMs: lastMs }), name);
  assert.equal(dayIndex(lastMs), `${name}-2026.12.31`);
  assert.equal(dayIndex(lastMs + 1), `${name}-2027.01.01`);
  assert.equal(dayOf(-1), '1969.12.31');
  assert.equal(aliasOfDay(`${name}-2026.12.31`), name);
  assert.equal(aliasOfDay(name), undefined);
  assert.deepEqual(dataStreamParts(name), { type: 'logs', dataset: 'nginx_access', namespace: 'acme' });
  assert.equal(dataStreamParts('special'), undefined);
  assert.deepEqual([name, 'metrics-system.cpu-acme', 'special', 'other-a-b'].map(isOwnName), [true, true, false, false]);
});

test('a time that is far from when the document came makes no index of its own', () => {
  const receivedMs = Date.UTC(2026, 11, 31, 12);
  const dayIndex = (timeMs: number): string => indexOf('a', rules, { timeMs, receivedMs });
  assert.equal(dayIndex(receivedMs - 30 * dayMs), 'a-2026.12.01');
  assert.equal(dayIndex(receivedMs + dayMs), 'a-2027.01.01');
  const wild = [0, receivedMs - 30 * dayMs - 1, receivedMs + dayMs + 1, 253_402_300_799_999, 8.64e15, -8.64e15];
  for (const timeMs of wild) assert.equal(dayIndex(timeMs), 'a-2026.12.31', String(timeMs));
  assert.ok(wild.every((timeMs) => isWild(rules, { timeMs, receivedMs })));
  assert.equal(isWild({ ...rules, indices: 'data_stream' }, { timeMs: 0, receivedMs }), false);
});

test('a set of metrics is known by the name that it has', () => {
  const name = metricsName('acme', 'system.cpu', { platformNames: 'platform' });
  assert.equal(setOfMetrics(name, 'acme'), 'system.cpu');
  assert.equal(setOfMetrics(name, 'other'), undefined);
  assert.equal(setOfMetrics('logs-system.cpu-acme', 'acme'), undefined);
});

test('names that a pipeline may not give', () => {
  for (const name of ['special', 'logs-a-b', 'a.b', 'x'.repeat(244), 'größe']) assert.equal(nameTrouble(name), undefined, name);
  for (const name of [
    '',
    '.kibana',
    '-a',
    '_all',
    '+a',
    'A',
    'a b',
    'a,b',
    'a*',
    '<a-{now/d}>',
    'a/b',
    'a\\b',
    'a"b',
    'a|b',
    'a#b',
    'a:b',
    'x'.repeat(245),
  ])
    assert.notEqual(nameTrouble(name), undefined, name);
});
