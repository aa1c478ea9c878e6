/**
 * Whether a process has a file open for writing, by fcntl(2): a read lease is given only when none has, and while it is held whoever
 * opens the file for writing waits for it to be given back. It needs to own the file, or the capability to lease.
 */
import { lastError, libc } from '@tributary/shared/ffi/linux/libc.ts';

const setSignal = 10;
const setLease = 1024;
const getLease = 1025;
const readLease = 0;
const noLease = 2;
/** Told to the holder when somebody waits; its default is to be ignored, while that of SIGIO, sent otherwise, ends the process. */
const urgentSignal = 23;

/** `writer`: a process has it open for writing. `unknown`: the system does not tell for this file. */
export type LeaseResult = 'held' | 'writer' | 'unknown';

/** `fd` is open for reading only. */
export function takeReadLease(fd: number): LeaseResult {
  const { fcntl } = libc();
  if (fcntl(fd, setSignal, urgentSignal) < 0) return 'unknown';
  if (fcntl(fd, setLease, readLease) === 0) return 'held';
  return lastError('fcntl').code === 'EAGAIN' ? 'writer' : 'unknown';
}

/** False when somebody waits to open it for writing, or the system took the lease away. */
export function holdsReadLease(fd: number): boolean {
  return libc().fcntl(fd, getLease, 0) === readLease;
}

export function giveLeaseBack(fd: number): void {
  libc().fcntl(fd, setLease, noLease);
}
