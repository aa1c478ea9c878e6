export type GarbageFlavor = 'regular' | 'last-resort';

/** Has V8 give back what the heap of this thread does not need. The executables run with `--expose-gc`; without it, nothing happens. */
export function collectGarbage(flavor: GarbageFlavor = 'last-resort'): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor });
}
