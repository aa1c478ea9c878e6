import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { SearchThreads } from '../outputs/archive/search/search-threads.ts';
import { backTopic, type Entry } from '../queue/queue.ts';
import { blockEntry } from '../testing/line-block.ts';
import { eventually } from '../testing/eventually.ts';
import { heartbeatMs, tailRecordsPerSecond } from './limits.ts';
import { tail, type TailStep } from './tail.ts';
import { type AskedFor, wantedOf } from './wanted.ts';

const threads = new SearchThreads({ size: 1 });
after(() => threads[Symbol.asyncDispose]());
const startedMs = Date.UTC(2026, 10, 22, 12);

/** Back topics in memory, and a clock that is set by hand. */
class Topics {
  nowMs = startedMs;
  readonly #entries = new Map<string, Entry[]>();
  readonly #listeners = new Set<(topic: string, partition: number) => void>();
  readonly queue: Parameters<typeof tail>[0]['queue'] = {
    onAppended: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
    measure: async ({ topic }) => ({ entries: this.#entries.get(topic) ?? [] }),
    read: async ({ topic, afterSequence }, { entries }) =>
      (this.#entries.get(topic) ?? []).filter(({ sequence }) => sequence > afterSequence).slice(0, entries),
  };

  get listeners(): number {
    return this.#listeners.size;
  }

  publish(channel: string, lines: readonly string[], isTold = true): void {
    const entries = this.#entries.getOrInsertComputed(backTopic(channel), () => []);
    const block = { receivedMs: this.nowMs, lines: lines.map((line) => Buffer.from(`${line}\n`)) };
    entries.push(blockEntry(block, { topic: backTopic(channel), partition: 0, sequence: entries.length + 1 }));
    if (isTold) for (const listener of this.#listeners) listener(backTopic(channel), 0);
  }

  tail(asked: AskedFor, signal: AbortSignal): AsyncGenerator<TailStep, void> {
    const clock = { ...systemClock, now: () => this.nowMs, monotonic: () => this.nowMs };
    return tail({ queue: this.queue, clock, threads }, wantedOf(asked, { visible: ['shop'], nowMs: this.nowMs }), signal);
  }
}

async function next(steps: AsyncGenerator<TailStep, void>): Promise<readonly string[] | number> {
  const { value } = await steps.next();
  if (value === undefined || 'quiet' in value) return [];
  return 'skipped' in value ? value.skipped : value.records.map(({ line }) => line);
}

test('a tail tells what comes after it began, of what may be seen and is asked for', async () => {
  const topics = new Topics();
  topics.publish('shop/web', ['before it began']);
  topics.nowMs += 1;
  const stop = new AbortController();
  const steps = topics.tail({ text: 'yes' }, stop.signal);
  const first = next(steps);
  topics.publish('bank/web', ['yes, of another tenant']);
  topics.publish('shop/web', ['yes 1', 'no', 'yes 2']);
  assert.deepEqual(await first, ['yes 1', 'yes 2']);
  topics.publish('shop/app', ['no', 'yes 3']);
  assert.deepEqual(await next(steps), ['yes 3']);
  stop.abort();
  assert.equal((await steps.next()).done, true);
  assert.equal(topics.listeners, 0);
});

test('what was received before a tail began, by whatever clock, is told when its pipeline is done with it later', async () => {
  const topics = new Topics();
  topics.publish('shop/web', ['done with before it began']);
  topics.nowMs += 60_000;
  const stop = new AbortController();
  const steps = topics.tail({}, stop.signal);
  const first = next(steps);
  topics.nowMs -= 30_000;
  topics.publish('shop/web', ['of a slow clock']);
  assert.deepEqual(await first, ['of a slow clock']);
  stop.abort();
});

test('a tail that finds nothing in all that comes says so as often as one to which nothing comes', async () => {
  const topics = new Topics();
  const stop = new AbortController();
  const steps = topics.tail({ text: 'never' }, stop.signal);
  for (let time = 0; time < 2; time += 1) {
    let told: TailStep | undefined;
    const step = steps.next().then(({ value }) => (told = value ?? undefined));
    const comes = (): boolean => {
      topics.nowMs += heartbeatMs / 10;
      topics.publish('shop/web', ['something else']);
      return told !== undefined;
    };
    await eventually('it says that there is nothing', comes, 120_000);
    assert.deepEqual(await step, { quiet: true });
  }
  stop.abort();
});

test('what comes faster than can be shown is skipped, and told', async () => {
  const topics = new Topics();
  topics.nowMs += 1;
  const stop = new AbortController();
  const steps = topics.tail({}, stop.signal);
  const first = next(steps);
  topics.publish(
    'shop/web',
    Array.from({ length: tailRecordsPerSecond + 7 }, (_, index) => `line ${index}`),
  );
  const shown = await first;
  assert.ok(Array.isArray(shown));
  assert.deepEqual([shown.length, shown.at(-1)], [tailRecordsPerSecond, `line ${tailRecordsPerSecond + 6}`]);
  assert.equal(await next(steps), 7);
  // Somebody who does not read for a while goes on with the newest.
  for (let index = 0; index < 40; index += 1) topics.publish('shop/web', [`late ${index}`], false);
  topics.nowMs += 60_000;
  topics.publish('shop/web', ['the newest'], false);
  topics.publish('shop/app', ['wakes it up']);
  assert.deepEqual(await next(steps), ['wakes it up']);
  topics.nowMs += 60_000;
  topics.publish('shop/web', ['wakes it up, too']);
  assert.equal((await next(steps)).toString().includes('late 0'), true);
  assert.equal(await next(steps), 26);
  stop.abort();
  assert.equal((await steps.next()).done, true);
});
