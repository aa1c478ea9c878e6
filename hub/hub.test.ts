/** What is constructed on what shows as it stops: nothing is there any more for a part that was stopped before. */
import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { Hub } from './hub.ts';
import { hubOptions } from './options.ts';

/** What ends, from left to right: listeners, what looks and answers, intake, pipelines, outputs, what they all stand on. */
const stops = [
  'readers of Redis',
  'HTTP listeners',
  "agents' listener",
  'samples',
  'measurements',
  'answers at the door',
  'watch of channels',
  'heartbeat',
  'alerts',
  'canaries',
  'content alerts',
  'health',
  'times of findings',
  'knocks',
  'machine of the hub',
  'usual silences',
  'agents without a certificate',
  'parts of the site',
  'this hub among its site',
  'dead letters',
  'housekeeping',
  'lag of the main thread',
  'searches',
  'parts of the site',
  'what agents told',
  'kept measurements',
  'intake',
  'lower sites',
  'loop findings',
  'pipelines',
  'processing',
  'outputs',
  'watch of services',
  'watch of the store',
  'watch of clones',
  'watch of what is held back',
  'quotas',
  'counted quotas',
  'telling',
  'registry',
  'store',
  'door',
  'redactor',
];

test('a hub stops from left to right', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-hub-'));
  const { logger, stopped } = recorded();
  const hub = await Hub.start({ options: optionsIn(folder.path), logger, crashPoint: undefined, setLogLevel: () => undefined });
  assert.match(hub.url, /^ws:\/\/127\.0\.0\.1:\d+$/);
  assert.deepEqual(stopped(), []);
  await hub[Symbol.asyncDispose]();
  assert.deepEqual(stopped(), stops);
});

test('a hub that cannot start stops what it had started, in the same order', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-hub-'));
  await using other = await Hub.start({
    options: optionsIn(join(folder.path, 'other')),
    logger: recorded().logger,
    crashPoint: undefined,
    setLogLevel: () => undefined,
  });
  const { logger, stopped } = recorded();
  const options = optionsIn(join(folder.path, 'this'), new URL(other.url).host);
  const starting = Hub.start({ options, logger, crashPoint: undefined, setLogLevel: () => undefined });
  await assert.rejects(starting, /another program has it/);
  assert.deepEqual(stopped(), stops.slice(2));
});

function optionsIn(folder: string, address = '127.0.0.1:0'): ReturnType<typeof hubOptions.parse> {
  return hubOptions.parse({ data_dir: folder, run_dir: join(folder, 'run'), listeners: { agents: { address } } });
}

function recorded(): { readonly logger: ReturnType<typeof createLogger>; readonly stopped: () => unknown[] } {
  const entries: LogEntry[] = [];
  const logger = createLogger({ level: () => 'debug', sink: (entry) => void entries.push(entry) });
  const stopped = (): unknown[] =>
    entries.flatMap(({ message, fields }) => (message === 'stopping a part' ? [fields['part']] : []));
  return { logger, stopped };
}
