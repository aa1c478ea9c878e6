import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import type { TestContext } from 'node:test';

/** Every read of an open file of this process fails, until `mock.restore()`. `path` is of any file that can be opened. */
export async function breakReads(context: TestContext, path: string): Promise<{ readonly mock: { restore(): void } }> {
  await using handle = await open(path);
  const prototype: unknown = Object.getPrototypeOf(handle);
  assert(isFileHandle(prototype));
  return context.mock.method(prototype, 'read', () => {
    return Promise.reject(Object.assign(new Error('the disk is out of order'), { code: 'EIO', syscall: 'read' }));
  });
}

function isFileHandle(value: unknown): value is FileHandle {
  return typeof value === 'object' && value !== null && 'read' in value;
}
