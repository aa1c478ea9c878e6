import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { eventually } from '../testing/eventually.ts';
import { DirectReporter } from './direct-reporter.ts';
import type { PlatformWriter } from './dispatch/platform-writer.ts';
import { directAwayMs, directMs } from './limits.ts';

function setUp(): {
  reporter: DirectReporter;
  clock: ManualClock;
  topic: string[];
  written: string[];
  world: { answer: 'well' | 'refused' | 'never' };
} {
  const clock = new ManualClock();
  const topic: string[] = [];
  const written: string[] = [];
  const world: { answer: 'well' | 'refused' | 'never' } = { answer: 'well' };
  const publish = async (documents: readonly string[]): Promise<'stored'> => (topic.push(...documents), 'stored');
  const reporter = new DirectReporter({ topic: { publish }, tenant: 'acme', host: 'hub1', clock });
  const writer: PlatformWriter = {
    takes: (tenant) => tenant === 'acme',
    dispatched: () => ({ documents: 0, unreadable: 0, kinds: {} }),
    write: (documents, { tenant, host }, signal) => {
      written.push(...documents.map((text) => `${tenant} ${host} ${text}`));
      if (world.answer === 'refused') return Promise.reject(new Error('refused'));
      if (world.answer === 'well') return Promise.resolve();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    },
  };
  reporter.writeTo(() => [writer]);
  return { reporter, clock, topic, written, world };
}

test('events are written straight, and by the topic while that cannot be', async () => {
  const { reporter, clock, topic, written, world } = setUp();
  assert.equal(await reporter.publish(['a']), 'stored');
  world.answer = 'refused';
  assert.equal(await reporter.publish(['b']), 'stored');
  world.answer = 'well';
  assert.equal(await reporter.publish(['c']), 'stored');
  assert.deepEqual(
    [written, topic],
    [
      ['acme hub1 a', 'acme hub1 b'],
      ['b', 'c'],
    ],
  );
  clock.advance(directAwayMs);
  await reporter.publish(['d']);
  assert.deepEqual([written.at(-1), reporter.counts], ['acme hub1 d', { direct: 2, byTopic: 2 }]);
});

test('what is not answered goes by the topic soon', async () => {
  const { reporter, clock, topic, world, written } = setUp();
  world.answer = 'never';
  const published = reporter.publish(['a']);
  await eventually('it is written', () => written.length === 1);
  clock.advance(directMs);
  assert.equal(await published, 'stored');
  assert.deepEqual(topic, ['a']);
});

test('without an output that takes them they go by the topic, and are not held up by it', async () => {
  const { reporter, topic } = setUp();
  reporter.writeTo(() => []);
  await reporter.publish(['a']);
  assert.deepEqual(topic, ['a']);
});
