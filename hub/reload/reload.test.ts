import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { parseConfig } from '@tributary/shared/options/config-file.ts';
import { hubOptions, type HubOptions } from '../options.ts';
import type { AuditEvent } from '../registry/registry.ts';
import { MemoryMeta, RecordingFindings } from '../testing/recording-health.ts';
import { Reload, type ReloadPart } from './reload.ts';

function read(text: string): () => HubOptions {
  return () => parseConfig({ file: '/etc/hub.yaml', schema: hubOptions, env: {}, text });
}

interface Made {
  readonly reload: Reload;
  readonly findings: RecordingFindings;
  readonly audited: AuditEvent[];
  readonly registry: MemoryMeta;
  readonly logged: LogEntry[];
}

function makeReload(parts: readonly ReloadPart[]): Made {
  const logged: LogEntry[] = [];
  const findings = new RecordingFindings();
  const audited: AuditEvent[] = [];
  const registry = Object.assign(new MemoryMeta(), { record: async (event: AuditEvent) => void audited.push(event) });
  const logger = createLogger({ level: 'error', sink: (entry) => logged.push(entry) });
  const reload = new Reload({
    options: read('{}')(),
    hubId: 'ab'.repeat(16),
    parts,
    registry,
    findings,
    clock: { now: () => 7 },
    logger,
  });
  return { reload, findings, audited, registry, logged };
}

test('only the parts change whose options did, and what needs a restart is told', async () => {
  const seen: string[] = [];
  const { reload, findings, audited } = makeReload([
    { paths: ['log.level'], change: ({ log }) => void seen.push(log.level) },
    { paths: ['quotas'], change: () => void seen.push('quotas') },
  ]);
  await reload.reload(read('log: { level: debug }\nsite: berlin\nqueue: { durability: relaxed }'));
  assert.deepEqual(seen, ['debug']);
  assert.deepEqual(reload.status, { state: 'current', readMs: 7, problems: [], needsRestart: ['site', 'queue.durability'] });
  assert.deepEqual([reload.options.log.level, reload.options.site], ['debug', 'default']);
  assert.partialDeepStrictEqual(findings.all(), [{ kind: 'configuration', subject: 'restart' }]);
  await reload.reload(read('log: { level: debug }'));
  assert.deepEqual([seen, findings.all(), reload.status.needsRestart], [['debug'], [], []]);
  assert.deepEqual(
    audited.map(({ action }) => action),
    ['configuration-changed'],
  );
});

test('a bad file is refused as a whole, with its places', async () => {
  const { reload, findings, audited } = makeReload([{ paths: ['log.level'], change: () => assert.fail('nothing changes') }]);
  await reload.reload(read('log: { level: debug }\nquotas: 3\nno_such: 1'));
  assert.equal(reload.status.state, 'refused');
  assert.match(reload.status.problems[0] ?? '', /^\/etc\/hub\.yaml:2:9: quotas/);
  assert.match(reload.status.problems[1] ?? '', /^\/etc\/hub\.yaml:3:1: no_such/);
  assert.partialDeepStrictEqual(findings.all(), [{ kind: 'configuration', subject: 'refused', level: 'yellow' }]);
  assert.partialDeepStrictEqual(audited, [{ action: 'configuration-refused', outcome: 'failure' }]);
  assert.equal(reload.options.log.level, 'info');
});

test('a part that cannot be as the file says stays as it was, and is tried again with the next reload', async () => {
  let free = false;
  const { reload } = makeReload([
    { paths: ['listeners.push'], change: () => (free ? undefined : Promise.reject(new Error('the address is taken'))) },
    { paths: ['log.level'], change: () => undefined },
  ]);
  const file = read('listeners: { push: [{ tenant: shop }] }\nlog: { level: warn }');
  await reload.reload(file);
  assert.deepEqual(reload.status.problems, ['listeners.push: the address is taken']);
  assert.deepEqual([reload.status.state, reload.options.log.level, reload.options.listeners.push.length], ['partly', 'warn', 0]);
  free = true;
  await reload.reload(file);
  assert.deepEqual([reload.status.state, reload.options.listeners.push.length], ['current', 1]);
});

/** It was told that the configuration could not be read, which it was. */
test('where the audit trail cannot be told, what was read holds', async () => {
  const { reload, registry, logged } = makeReload([{ paths: ['log.level'], change: () => undefined }]);
  registry.failing = true;
  await reload.reload(read('log: { level: warn }'));
  assert.deepEqual([reload.status.state, reload.options.log.level], ['current', 'warn']);
  assert.deepEqual(
    logged.map(({ message }) => message),
    ['the audit trail could not be told that the configuration was read again'],
  );
});
