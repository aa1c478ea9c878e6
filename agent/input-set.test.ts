import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { newCounters } from './counters.ts';
import { AgentEvents } from './events.ts';
import { InputSet } from './input-set.ts';
import { eventually, testOptions } from './inputs/testing/input-under-test.ts';
import { RecordingSink } from './inputs/testing/recording-sink.ts';

/** A set whose sink fails the first time that a stream is opened. */
async function brokenOnce(t: TestContext, once: boolean): Promise<{ failures: unknown[]; log: LogEntry[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-input-set-'));
  const path = join(folder, 'a.log');
  await writeFile(path, 'one\n');
  const sink = new RecordingSink();
  t.mock.method(sink, 'openStream', () => Promise.reject(new Error('broken')), { times: 1 });
  const failures: unknown[] = [];
  const log: LogEntry[] = [];
  const clock = { ...systemClock, sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(1, signal) };
  const logger = createLogger({ level: 'debug', sink: (entry) => log.push(entry) });
  const told = new AgentEvents({ logger, counters: newCounters() });
  const set = new InputSet({
    createSink: () => Object.assign(sink, { [Symbol.dispose]: () => undefined }),
    events: told.input,
    supervision: told,
    clock,
    once,
    onFailed: (error) => failures.push(error),
  });
  t.after(async () => {
    await set.stop();
    await rm(folder, { recursive: true });
  });
  const input = { ...testOptions, kind: 'file' as const, paths: [path] };
  await set.change({ inputs: [input], defaults: { tenant: 'acme', host: 'here', labels: {} } });
  await eventually('it failed or went on', () => failures.length > 0 || sink.text(path) === 'one\n');
  return { failures, log };
}

test('an input that breaks is started again', async (t) => {
  const { failures, log } = await brokenOnce(t, false);
  assert.deepEqual(failures, []);
  assert.deepEqual(
    log.filter(({ fields }) => fields['event'] === 'input-failed').map(({ level }) => level),
    ['error'],
  );
});

test('an input that breaks in a run that reads once is told of, not started again', async (t) => {
  const { failures, log } = await brokenOnce(t, true);
  assert.match(String(failures[0]), /broken/);
  assert.deepEqual(log, []);
});
