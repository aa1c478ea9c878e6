/**
 * Giving back the space of a part of a file that stays open, by fallocate(2). Only on Linux; elsewhere each throws ENOSYS. A file
 * system that cannot do it throws EOPNOTSUPP, an offset or length that is no multiple of its block size EINVAL.
 */
import * as linux from './linux/file-space.ts';
import { notOnThisSystem } from './system-error.ts';

export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

/** fallocate(2) itself; `mode` is its flags. */
export function fallocate(fd: number, mode: number, range: FileRange): void {
  mustBeLinux();
  linux.fallocate(fd, mode, range);
}

/** Takes the range out of the file: what follows moves down. It must not reach the end of the file. */
export function collapseRange(fd: number, range: FileRange): void {
  mustBeLinux();
  linux.collapseRange(fd, range);
}

/** The range reads as zeros and takes no space; the size stays. */
export function punchHole(fd: number, range: FileRange): void {
  mustBeLinux();
  linux.punchHole(fd, range);
}

function mustBeLinux(): void {
  if (process.platform !== 'linux') throw notOnThisSystem('fallocate');
}
