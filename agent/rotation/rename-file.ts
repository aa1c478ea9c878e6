import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BigIntStats } from 'node:fs';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { syncFolder } from '../inputs/file/collapse.ts';
import type { RotationGroupOptions } from './options.ts';

/**
 * Gives a log its rotated name. The writer goes on in the renamed file until it is told, and the file input reads on there, so nothing
 * is lost whenever this is cut short.
 */
export async function renameFile(path: string, to: string): Promise<void> {
  await rename(path, to);
  await syncFolder(dirname(path));
  crashPoint('agent.rotation.after-rename');
}

/** Makes a new log where one was rotated away, as that was where the options do not say otherwise. */
export async function createAnew(
  path: string,
  stats: BigIntStats,
  { mode, owner, group }: NonNullable<RotationGroupOptions['create']>,
): Promise<void> {
  const wanted = mode === undefined ? Number(stats.mode) & 0o7777 : Number.parseInt(mode, 8);
  try {
    await using handle = await open(path, 'ax', wanted);
    await handle.chmod(wanted);
    const [uid, gid] = [owner ?? Number(stats.uid), group ?? Number(stats.gid)];
    const made = await handle.stat();
    if (made.uid !== uid || made.gid !== gid) await handle.chown(uid, gid);
  } catch (error) {
    // The writer was faster.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
