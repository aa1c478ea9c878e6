import { checked, libc } from './libc.ts';

const fallocKeepSize = 0x01;
const fallocPunchHole = 0x02;
const fallocCollapseRange = 0x08;

export function fallocate(fd: number, mode: number, range: { readonly offset: number; readonly length: number }): void {
  checked('fallocate', libc().fallocate(fd, mode, BigInt(range.offset), BigInt(range.length)));
}

export function collapseRange(fd: number, range: { readonly offset: number; readonly length: number }): void {
  fallocate(fd, fallocCollapseRange, range);
}

export function punchHole(fd: number, range: { readonly offset: number; readonly length: number }): void {
  fallocate(fd, fallocPunchHole | fallocKeepSize, range);
}
