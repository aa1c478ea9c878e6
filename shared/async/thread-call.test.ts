import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMainThread, Worker } from 'node:worker_threads';
import { serveThread, type ThreadCall, ThreadCallError, ThreadCalls } from './thread-call.ts';

type Contract = {
  readonly double: { readonly argument: number; readonly result: number };
  readonly size: { readonly argument: Uint8Array<ArrayBuffer>; readonly result: Uint8Array };
  readonly broken: { readonly argument: undefined; readonly result: never };
  readonly groupSize: { readonly argument: undefined; readonly result: number };
  readonly die: { readonly argument: undefined; readonly result: never };
};

// This file is its own thread: the smallest server that shows each habit.
if (!isMainThread) {
  const server = serveThread<Contract, string>({
    group: (calls) => {
      for (const call of calls) answer(call, calls.length);
    },
    end: () => server.emit('ending'),
  });
} else {
  test('calls are answered, buffers move, errors keep their codes', async () => {
    const events: string[] = [];
    const calls = start({ onEvent: (event) => events.push(event) });
    assert.equal(await calls.call('double', 21), 42);

    const sent = new Uint8Array([1, 2, 3]);
    const answered = await calls.call('size', sent, [sent.buffer]);
    assert.equal(sent.byteLength, 0, 'the buffer was moved, not copied');
    assert.deepEqual([...answered], [1, 2, 3]);

    await assert.rejects(calls.call('broken', undefined), (error) => {
      assert.ok(error instanceof ThreadCallError);
      assert.deepEqual([error.code, error.message, error.errcode], ['ERR_SQLITE_ERROR', 'disk is full', 13]);
      return true;
    });
    await calls[Symbol.asyncDispose]();
    assert.deepEqual(events, ['ending']);
  });

  test('what waits at the port arrives as one group', async () => {
    await using calls = start();
    const answers = [1, 2, 3].map(() => calls.call('groupSize', undefined));
    assert.deepEqual(await Promise.all(answers), [3, 3, 3]);
  });

  test('disposing lets the thread finish what was sent', async () => {
    const calls = start();
    const answers = [1, 2, 3].map((value) => calls.call('double', value));
    await calls[Symbol.asyncDispose]();
    assert.deepEqual(await Promise.all(answers), [2, 4, 6]);
    await calls[Symbol.asyncDispose]();
  });

  test("an answer that comes after it is known that the thread died is nobody's", async () => {
    const worker = new Worker(new URL(import.meta.url));
    const calls = new ThreadCalls<Contract, string>(worker);
    const answered = new Promise((resolve) => worker.once('message', resolve));
    const call = calls.call('double', 1);
    worker.emit('error', new Error('died on purpose'));
    await assert.rejects(call, /died on purpose/);
    await answered;
    await calls.terminate();
  });

  test('a thread that dies rejects what is under way and what comes later, and says so once', async () => {
    const failures: Error[] = [];
    const calls = start({ onFailed: (error) => failures.push(error) });
    await assert.rejects(calls.call('die', undefined), /died on purpose/);
    await assert.rejects(calls.call('double', 1), /died on purpose/);
    calls.notify('double', 1);
    await calls[Symbol.asyncDispose]();
    assert.equal(failures.length, 1);
  });
}

function start(
  options: { onEvent?: (event: string) => void; onFailed?: (error: Error) => void } = {},
): ThreadCalls<Contract, string> {
  return new ThreadCalls<Contract, string>(new Worker(new URL(import.meta.url)), options);
}

function answer(call: ThreadCall<Contract>, groupSize: number): void {
  switch (call.name) {
    case 'double':
      call.reply(call.argument * 2);
      break;
    case 'size':
      call.reply(call.argument, [call.argument.buffer]);
      break;
    case 'broken':
      call.fail(Object.assign(new Error('disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 }));
      break;
    case 'groupSize':
      call.reply(groupSize);
      break;
    case 'die':
      throw new Error('died on purpose');
  }
}
