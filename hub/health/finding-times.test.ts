import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { RecordingEvents } from '../testing/recording-health.ts';
import { FindingTimes } from './finding-times.ts';
import { FindingsBook } from './findings-book.ts';
import { clearedAfterMs, findingsKeptMs, foundAgainMs } from './limits.ts';

class Hub {
  static async start(dataDir: string, nowMs: number): Promise<Hub> {
    const clock = new ManualClock(nowMs);
    const warned: string[] = [];
    const logger = createLogger({ level: 'warn', sink: ({ message }) => warned.push(message) });
    return new Hub(clock, await FindingTimes.open({ dataDir, clock, logger }), warned);
  }

  readonly clock: ManualClock;
  readonly times: FindingTimes;
  readonly warned: readonly string[];
  readonly #book: FindingsBook;

  private constructor(clock: ManualClock, times: FindingTimes, warned: readonly string[]) {
    this.clock = clock;
    this.times = times;
    this.warned = warned;
    const logger = createLogger({ level: 'error', sink: () => undefined });
    this.#book = new FindingsBook({ clock, events: new RecordingEvents(), logger, before: times });
  }

  find(...subjects: readonly string[]): void {
    const found = subjects.map((subject) => ({ kind: 'open-service', subject, level: 'yellow', reason: 'it is open' }) as const);
    this.#book.set('open-service', found);
  }

  async keep(): Promise<void> {
    await this.times.keep(this.#book.lately());
  }

  /** Long enough to be told as cleared. */
  pass(): void {
    this.clock.advance(clearedAfterMs);
    this.#book.settle();
  }

  /** Each with since when it stands. */
  standing(): Record<string, number> {
    return Object.fromEntries(this.#book.all().map(({ subject, sinceMs }) => [subject, sinceMs]));
  }
}

test('what is found again soon after a start has stood since before, and what comes anew has not', async () => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'tb-health-'));
  const first = await Hub.start(scratch.path, 1000);
  first.find('redis');
  first.clock.advance(500);
  first.find('redis', 'docker');
  await first.keep();

  const second = await Hub.start(scratch.path, 60_000);
  second.find('redis', 'smtp');
  assert.deepEqual(second.standing(), { redis: 1000, smtp: 60_000 });
  // It ends again before it has found the other one.
  await second.keep();

  const third = await Hub.start(scratch.path, 90_000);
  third.find('docker', 'redis', 'smtp');
  assert.deepEqual(third.standing(), { docker: 1500, redis: 1000, smtp: 60_000 });
  // It stops: agents go, and parts clear what they found.
  third.find();
  await third.keep();

  const fourth = await Hub.start(scratch.path, 100_000);
  fourth.find('redis', 'docker');
  assert.deepEqual(fourth.standing(), { redis: 1000, docker: 1500 });
  fourth.find('redis');
  fourth.pass();
  fourth.clock.advance(foundAgainMs);
  await fourth.keep();

  const fifth = await Hub.start(scratch.path, 2_000_000);
  fifth.find('redis', 'docker', 'smtp');
  assert.deepEqual(fifth.standing(), { redis: 1000, docker: 2_000_000, smtp: 2_000_000 }, 'two of them were mended');
});

test('a hub that was away for a day knows nothing of what was meanwhile, and each minute it is written that it is not', async () => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'tb-health-'));
  const first = await Hub.start(scratch.path, 1000);
  first.find('redis');
  await first.keep();
  first.clock.advance(findingsKeptMs);
  await first.keep();
  const second = await Hub.start(scratch.path, 1000 + 2 * findingsKeptMs - 1);
  second.find('redis');
  assert.deepEqual(second.standing(), { redis: 1000 });
  const third = await Hub.start(scratch.path, 1000 + 2 * findingsKeptMs);
  third.find('redis');
  assert.deepEqual(third.standing(), { redis: 1000 + 2 * findingsKeptMs });
});

test('long after the start nobody knows whether it stood all along; what is of a later clock stands from now on', async () => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'tb-health-'));
  const first = await Hub.start(scratch.path, 5000);
  first.find('redis', 'docker');
  await first.keep();
  const second = await Hub.start(scratch.path, 3000);
  second.find('redis');
  assert.deepEqual(second.standing(), { redis: 3000 });
  second.clock.advance(foundAgainMs);
  second.find('redis', 'docker');
  assert.deepEqual(second.standing(), { redis: 3000, docker: 3000 + foundAgainMs });
  await second.keep();
  assert.doesNotMatch(await readFile(join(scratch.path, 'findings.json'), 'utf8'), /5000/);
});

test('nothing is written where nothing changed, and a damaged file is as none', async () => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'tb-health-'));
  const file = join(scratch.path, 'findings.json');
  const hub = await Hub.start(scratch.path, 1000);
  await hub.keep();
  await assert.rejects(readFile(file), { code: 'ENOENT' });
  hub.find('redis');
  await hub.keep();
  await rm(file);
  await hub.keep();
  await assert.rejects(readFile(file), { code: 'ENOENT' });
  await writeFile(file, '{"version":1,"standing":[{"kind":');
  const again = await Hub.start(scratch.path, 2000);
  assert.deepEqual(again.warned, ['since when findings stand cannot be read and is learned anew']);
  again.find('redis');
  assert.deepEqual(again.standing(), { redis: 2000 });
});
