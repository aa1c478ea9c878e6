/**
 * The functions of the C library that this program calls itself. They are found in the running process, which has the library
 * loaded, whatever its file is called. Structures are laid out for 64-bit little-endian machines, all that Node runs on here.
 *
 * What is passed by address (`buffer`) must stay where it is during the call: an ArrayBuffer's memory does, that of a typed array
 * made by its length may not. Memory whose address is kept in a structure must be held by whoever holds the structure.
 */
import type { DynamicLibraryResult } from 'node:ffi';
import { loadFfi } from '../quiet-ffi.ts';
import { notOnThisSystem, type SystemCallError, systemCallError } from '../system-error.ts';

const signatures = {
  __errno_location: { arguments: [], return: 'pointer' },
  bind: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
  eventfd: { arguments: ['uint32', 'int32'], return: 'int32' },
  fallocate: { arguments: ['int32', 'int32', 'int64', 'int64'], return: 'int32' },
  // It takes more or fewer arguments; with three whole numbers that makes no difference to a call.
  fcntl: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  getsockname: { arguments: ['int32', 'buffer', 'buffer'], return: 'int32' },
  getsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'buffer'], return: 'int32' },
  lseek: { arguments: ['int32', 'int64', 'int32'], return: 'int64' },
  poll: { arguments: ['buffer', 'uint64', 'int32'], return: 'int32' },
  recvmmsg: { arguments: ['int32', 'buffer', 'uint32', 'int32', 'pointer'], return: 'int32' },
  setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
  socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
} as const;

type Functions = DynamicLibraryResult<typeof signatures>['functions'];

export type Libc = Functions & {
  /** The error number of the call before, if it failed. To be asked for at once. */
  readonly errorNumber: () => number;
};

let loaded: Libc | undefined;

export function libc(): Libc {
  if (process.platform !== 'linux') throw notOnThisSystem('libc');
  if (loaded !== undefined) return loaded;
  const ffi = loadFfi();
  // The library stays open for as long as the process lives.
  const { functions } = ffi.dlopen(null, signatures);
  const errorAddress = functions['__errno_location']();
  loaded = { ...functions, errorNumber: () => ffi.getInt32(errorAddress, 0) };
  return loaded;
}

/** The address of a buffer's memory. */
export function addressOf(buffer: ArrayBuffer): bigint {
  return loadFfi().getRawPointer(buffer);
}

/** What the call returned, or the error it set. */
export function checked(syscall: string, result: number): number {
  if (result < 0) throw lastError(syscall);
  return result;
}

export function lastError(syscall: string): SystemCallError {
  return systemCallError(syscall, libc().errorNumber());
}
