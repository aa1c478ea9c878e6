/**
 * The path of a unix socket. One that a process left behind is removed; one that a process listens at, and what is no socket, is not.
 * Nobody can connect before the socket has its mode: it is bound with no rights at all.
 */
import { once } from 'node:events';
import { chmod, lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { makeFolder } from '@tributary/shared/make-folder.ts';

/** `bind` binds before it returns; its promise may tell later whether that worked. */
export async function bindUnixPath<Socket>(path: string, mode: number, bind: () => Promise<Socket>): Promise<Socket> {
  makeFolder(dirname(path), { mode: 0o755 });
  await removeStale(path);
  const maskBefore = process.umask(0o777);
  let bound: Promise<Socket>;
  try {
    bound = bind();
  } finally {
    process.umask(maskBefore);
  }
  const socket = await bound;
  await chmod(path, mode);
  return socket;
}

export async function releaseUnixPath(path: string): Promise<void> {
  await rm(path, { force: true });
}

async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is there and is no socket: it is left alone`);
  if (await isInUse(path)) throw new Error(`${path} is in use by another process`);
  await rm(path, { force: true });
}

/** A socket that nobody listens at refuses; one of datagrams says that it is of another type. */
async function isInUse(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT'));
  } finally {
    socket.destroy();
  }
}
