/**
 * Root often makes or enrols what a service with a user of its own runs. What it does in that user's folder it does as that user: files
 * belong to whom they have to, and whatever that user put there, such as a link to somebody else's file, leads root nowhere.
 */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export class OwnerError extends Error {
  override readonly name = 'OwnerError';
  readonly code = 'OWNER';
}

/**
 * Does `work` as whoever owns `folder`, or what is there above it when it is still to be made. Of the whole process: nothing else runs
 * meanwhile. Only root becomes another, and only then.
 */
export async function asOwnerOf<Result>(folder: string, work: () => Result | Promise<Result>): Promise<Result> {
  const owner = ownerOf(folder);
  if (process.geteuid?.() !== 0 || owner.uid === 0) return await work();
  const groups = process.getgroups?.() ?? [];
  const gid = process.getegid?.() ?? 0;
  try {
    process.setgroups?.([owner.gid]);
    process.setegid?.(owner.gid);
    process.seteuid?.(owner.uid);
  } catch (cause) {
    const user = `the user ${owner.uid}, whose ${folder} is`;
    throw new OwnerError(`root cannot act here as ${user}: run this as that user`, { cause });
  }
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(gid);
    process.setgroups?.(groups);
  }
}

/** Whose a folder is, or will be once it is made. */
export function ownerOf(folder: string): Owner {
  let place = resolve(folder);
  for (;;) {
    const stats = statSync(place, { throwIfNoEntry: false });
    if (stats !== undefined) return { uid: stats.uid, gid: stats.gid };
    place = dirname(place);
  }
}
