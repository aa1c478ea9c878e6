import { loadFfi } from '../quiet-ffi.ts';

type Trim = (bytesToKeep: bigint) => unknown;
let trim: Trim | undefined;

/** Has the C library give the memory back that was freed in it: malloc_trim(3), which only the GNU library has. */
export function trimHeap(): void {
  trim ??= findTrim();
  trim(0n);
}

function findTrim(): Trim {
  try {
    return loadFfi().dlopen(null, { malloc_trim: { arguments: ['uint64'], return: 'int32' } }).functions.malloc_trim;
  } catch {
    return () => undefined;
  }
}
