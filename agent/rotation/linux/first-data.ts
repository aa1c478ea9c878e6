import { libc } from '@tributary/shared/ffi/linux/libc.ts';

const seekData = 3;

/** Offset of the first byte at or behind `offset` that lies in no hole; undefined when there is none, or it cannot be told. */
export function firstData(fd: number, offset: number): number | undefined {
  const found = libc().lseek(fd, BigInt(offset), seekData);
  return found < 0n ? undefined : Number(found);
}
