import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AssertionFailedError } from '@tributary/shared/assert.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { openBuffer } from './buffer/open-buffer.ts';
import { OverflowBatcher } from './framing/overflow-batcher.ts';
import { AgentSinks } from './sink.ts';

const identity = { path: '/a.log', device: '1', inode: '2', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
const attributes = { tenant: 'acme', type: 'app', host: 'here', encoding: 'utf-8', counted: false, labels: {} };

test('a stream that the protocol refuses is not stored', async () => {
  await using owned = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'tributary-sink-'));
  owned.defer(() => rmSync(folder, { recursive: true }));
  const buffer = owned.use(
    await openBuffer({
      folder,
      limits: { maxBytes: 2 ** 24, replayWindowMs: 0, replayMaxBytes: 0, reserveBytes: 2 ** 21 },
      clock: systemClock,
      logger: createLogger({ level: 'error', sink: () => undefined }),
      onFailed: (error) => assert.fail(error),
      sourceMark: () => undefined,
    }),
  );
  const batcher = owned.use(
    new OverflowBatcher({
      clock: systemClock,
      onDropped: () => undefined,
      target: buffer,
      stream: (streamId) => buffer.stream(streamId),
      limits: { batchBytesMax: 65_536, batchRecordsMax: 100, flushIntervalMs: 10 },
      onFailed: (error) => assert.fail(String(error)),
    }),
  );
  const sink = new AgentSinks({ buffer, batcher, onPushed: () => undefined }).create();
  for (const wrong of [{ type: 'Bad-Type' }, { tenant: '' }, { host: 'h'.repeat(1000) }, { labels: { '': 'x' } }]) {
    const stream = { identity, attributes: { ...attributes, ...wrong }, start: 0 };
    await assert.rejects(sink.openStream(stream), AssertionFailedError);
  }
  assert.equal(buffer.streams().length, 0);
  await sink.openStream({ identity, attributes, start: 0 });
  assert.deepEqual(
    buffer.streams().map((stream) => stream.attributes),
    [attributes],
  );
});
