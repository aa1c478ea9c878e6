import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const filesMax = 2000;

/**
 * Makes files in a folder until one has this inode, which was that of a file in the same folder; undefined when the file system gives it
 * to none of them.
 */
export function fileWithInode(folder: string, inode: number): string | undefined {
  const made: string[] = [];
  let found: string | undefined;
  while (found === undefined && made.length < filesMax) {
    const path = join(folder, `candidate-${made.length}.txt`);
    writeFileSync(path, '');
    if (statSync(path).ino === inode) found = path;
    else made.push(path);
  }
  for (const path of made) rmSync(path);
  return found;
}
