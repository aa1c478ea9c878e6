/**
 * The log writer's file, under the system's temporary folder. It is removed only when all of it is in the archive: until then a
 * later start, which finds the same folder, goes on with it.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openPrivateFolder } from './place.ts';

export interface OwnLog {
  readonly file: string;
  remove(): void;
}

export function openOwnLog(dataDir: string): OwnLog {
  const folder = openPrivateFolder(dataDir, 'log');
  return { file: join(folder, 'access.log'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
