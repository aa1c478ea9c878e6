import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { acquireLock, startTimeOf } from './lock.mjs';

const signal = AbortSignal.timeout(20_000);

test('the second waits until the first gives the lock back', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tributary-lock-'));
  const path = join(folder.path, 'lock');
  const order: string[] = [];
  const release = await acquireLock(path, { signal, onWait: () => void order.push('first waits') });
  const { promise: waits, resolve: sayWaits } = Promise.withResolvers<string>();
  const takeSecond = async (): Promise<void> => {
    const releaseSecond = await acquireLock(path, { signal, onWait: sayWaits });
    order.push('second has it');
    await releaseSecond();
  };
  const second = takeSecond();
  assert.equal(await waits, `process ${process.pid}`);
  order.push('first gives it back');
  await release();
  await second;
  assert.deepEqual(order, ['first gives it back', 'second has it']);
  assert.equal(existsSync(path), false);
});

test('the lock of a dead process is taken over', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tributary-lock-'));
  const path = join(folder.path, 'lock');
  await writeFile(path, JSON.stringify({ pid: await deadProcess(), started: '1', host: hostname() }));
  const release = await acquireLock(path, { signal, onWait: failWaiting });
  assert.equal(parse(await readFile(path, 'utf8')).pid, process.pid);
  await release();
});

test('a living process that only has the id of the owner does not hold its lock', { skip: noStartTimes() }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tributary-lock-'));
  const path = join(folder.path, 'lock');
  await writeFile(path, JSON.stringify({ pid: process.pid, started: 'an earlier time', host: hostname() }));
  const release = await acquireLock(path, { signal, onWait: failWaiting });
  await release();
});

test('the lock of another machine, or a torn one, is judged by its age', async () => {
  for (const content of [JSON.stringify({ pid: process.pid, started: '1', host: 'elsewhere' }), '{"pid":']) {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tributary-lock-'));
    const path = join(folder.path, 'lock');
    await writeFile(path, content);
    const stop = new AbortController();
    const { promise: waits, resolve: sayWaits } = Promise.withResolvers<string>();
    const attempt = acquireLock(path, { signal: stop.signal, onWait: sayWaits });
    assert.match(await waits, /elsewhere|unknown machine/);
    stop.abort(new Error('enough'));
    await assert.rejects(attempt, /enough/);

    const longAgo = new Date(Date.now() - 120_000);
    await utimes(path, longAgo, longAgo);
    const release = await acquireLock(path, { signal, onWait: failWaiting });
    await release();
  }
});

test('of many that find a dead owner at the same time one after the other gets it', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tributary-lock-'));
  const path = join(folder.path, 'lock');
  await writeFile(path, JSON.stringify({ pid: await deadProcess(), started: '1', host: hostname() }));
  let inside = 0;
  const takeTurn = async (): Promise<void> => {
    const release = await acquireLock(path, { signal, onWait: () => {} });
    inside += 1;
    assert.equal(inside, 1);
    await new Promise(setImmediate);
    inside -= 1;
    await release();
  };
  await Promise.all(Array.from({ length: 5 }, takeTurn));
});

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'close');
  assert.ok(child.pid !== undefined);
  return child.pid;
}

function failWaiting(holder: string): void {
  assert.fail(`waits for ${holder}`);
}

function noStartTimes(): string | false {
  return startTimeOf(process.pid) === '' ? 'this system tells no start times of processes' : false;
}

function parse(text: string): { pid: number } {
  const value: unknown = JSON.parse(text);
  assert.ok(typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number');
  return { pid: value.pid };
}
