/**
 * Invariants 1 and 4 under `kill -9`: what was answered is there, what is there fits together, and the same work goes on. The
 * writer is killed at the named points, again and again on the same store, and each time the store is opened and its books are
 * compared: positions with entries, cursor with what was passed on.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { testBatch, testChannel, testStream } from '../fixture.ts';
import { backTopic, frontTopic } from '../queue.ts';
import { openSqliteFixture } from './sqlite-fixture.ts';
import type { SqliteQueue } from './sqlite-queue.ts';

const writer = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));
const plenty = { entries: 1e6, bytes: 1e12 };

test('before the commit nothing was answered, after it everything is there', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-crash-'));
  const points = [
    'before-commit:1',
    'after-commit:1',
    'before-commit:9',
    'after-commit:7',
    'before-commit:23',
    'after-commit:31',
  ];
  let kills = 0;
  for (const point of points) {
    const answers = await killedAt(folder, `hub.queue.${point}`);
    kills += 1;
    await using fixture = await openSqliteFixture({}, folder);
    await checkBooks(fixture.queue, answers);
  }
  assert.equal(kills, points.length);
  rmSync(folder, { recursive: true });
});

test('what was not answered is sent again and taken once', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-crash-'));
  await killedAt(folder, 'hub.queue.after-commit:3');
  await using fixture = await openSqliteFixture({}, folder);
  const { held } = await fixture.queue.openStream(testStream(1));
  for (let from = 0; from < held + 50; from += 10) {
    const result = await fixture.queue.append(testBatch([{ stream: 1, from, to: from + 10 }]));
    assert.equal(result.kind, from < held ? 'duplicate' : 'stored');
  }
  await checkBooks(fixture.queue, []);
  rmSync(folder, { recursive: true });
});

/** Runs the writer until it is killed, and returns what it was answered. */
async function killedAt(folder: string, point: string): Promise<string[]> {
  const child = spawn(process.execPath, [writer, folder, point], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.equal(exit[1], 'SIGKILL', `the process died at ${point}`);
  return output.split('\n').filter((line) => line !== '');
}

async function checkBooks(queue: SqliteQueue, answers: readonly string[]): Promise<void> {
  const { held } = await queue.openStream(testStream(1));
  const front = await queue.read({ topic: frontTopic(testChannel), partition: 0, afterSequence: 0 }, plenty);
  let position = 0;
  for (const [index, entry] of front.entries()) {
    assert.equal(entry.sequence, index + 1, 'sequences have no holes');
    const [segment] = entry.segments;
    assert.equal(segment?.from, position, 'entries follow each other in their stream');
    position = segment.to;
  }
  assert.equal(held, position, 'held is the end of what is stored');

  const { groups } = await queue.status();
  const cursor = groups.find((group) => group.group === 'pipeline')?.cursor;
  const back = await queue.read({ topic: backTopic(testChannel), partition: 0, afterSequence: 0 }, plenty);
  const passed = back.flatMap((entry) => new TextDecoder().decode(entry.body).split(' ').map(Number));
  assert.deepEqual(
    passed,
    Array.from({ length: cursor ?? 0 }, (_, index) => index + 1),
    'what was passed on is what the cursor has passed, once each',
  );
  for (const answer of answers) {
    const [kind, number = '0'] = answer.split(' ');
    if (kind === 'stored') assert.ok(Number(number) <= held, `${answer} was answered and is not there`);
    if (kind === 'passed') assert.ok(Number(number) <= (cursor ?? 0), `${answer} was answered and is not there`);
  }
}
