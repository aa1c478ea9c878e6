/**
 * Gives back what a start or a burst of work leaves behind. V8 keeps the pages that its heap once needed, and the C library what was
 * freed in it; both look at that only while there is work, so a process that has nothing more to do would hold it for good.
 *
 *   busy ──a few looks with hardly any work──► memory is given back ──enough work to be worth another time──► busy
 */
import { collectGarbage, type GarbageFlavor } from './collect-garbage.ts';
import { trimHeap } from './ffi/linux/heap.ts';

export interface SpareMemoryOptions {
  /** Bytes worked on so far, or what takes as much memory for a moment. */
  readonly workBytes: () => number;
  /** Memory of others than this thread, before what all of them freed goes back to the system. */
  readonly tidyOthers?: () => Promise<void>;
  readonly giveBack?: () => void;
}

/** Hardly any work: less than this from one look to the next. */
const quietBytesMax = 64 * 1024;
const quietLooks = 3;
/** Worth 40 ms of the main thread. */
const busyBytesMin = 8 * 1024 * 1024;

export class SpareMemory {
  readonly #options: SpareMemoryOptions;
  #bytesBefore = 0;
  #bytesAtLast = -busyBytesMin;
  #quiet = 0;

  constructor(options: SpareMemoryOptions) {
    this.#options = options;
  }

  /** To be called every few seconds. */
  look(): void {
    const { workBytes, giveBack = (): void => giveBackMemory() } = this.#options;
    const bytes = workBytes();
    this.#quiet = bytes - this.#bytesBefore < quietBytesMax ? this.#quiet + 1 : 0;
    this.#bytesBefore = bytes;
    if (this.#quiet < quietLooks || bytes - this.#bytesAtLast < busyBytesMin) return;
    this.#bytesAtLast = bytes;
    const { tidyOthers } = this.#options;
    if (tidyOthers === undefined) giveBack();
    else tidyOthers().then(giveBack, giveBack);
  }
}

/** `regular` leaves a little more behind than the default, and takes a fraction of its time. */
export function giveBackMemory(flavor: GarbageFlavor = 'last-resort'): void {
  collectGarbage(flavor);
  if (process.platform === 'linux') trimHeap();
}
