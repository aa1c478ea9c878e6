import type { Socket } from 'node:net';

export interface LaneFaults {
  /** Every byte arrives this much later. */
  readonly delayMs?: number;
  readonly bytesPerSecondMax?: number;
  /** Once so many bytes have passed, nothing is read for a while. */
  readonly stall?: { readonly afterBytes: number; readonly forMs: number };
}

interface Piece {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

/** Bytes held back at most; beyond it the source is not read, so that its sender feels the throttle. */
const heldBytesMax = 1 << 20;
/** Small enough that a throttled lane flows evenly. */
const pieceBytesMax = 16 * 1024;

/** One direction of a proxied connection: bytes come in from one socket and leave by another, late, slowly or never. */
export class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #faults: LaneFaults;
  readonly #held: Piece[] = [];
  #heldBytes = 0;
  #freeAtMs = 0;
  #stalled = false;
  #stallDone = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #sourceEnded = false;
  #onEmpty: (() => void) | undefined;
  passedBytes = 0;
  /** Called with bytes as they come from the source, and as they were given to the sink. */
  onTaken: ((bytes: Buffer) => void) | undefined;
  onPassed: ((bytes: Buffer) => void) | undefined;
  /** While true, bytes are taken from the source and kept. */
  holding = false;

  constructor(from: Socket, to: Socket, faults: LaneFaults) {
    this.#from = from;
    this.#to = to;
    this.#faults = faults;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.once('end', () => {
      this.#sourceEnded = true;
      this.#pump();
    });
    to.on('drain', () => this.#pump());
  }

  /** Called once the source has ended or is gone and nothing is held any more. */
  set onEmpty(listener: () => void) {
    this.#onEmpty = listener;
    this.#sourceEnded = true;
    this.#pump();
  }

  /** Lets go of what is held, at once and whatever the faults say. */
  flush(): void {
    this.holding = false;
    for (const piece of this.#held.splice(0)) this.#pass(piece.bytes);
    this.#heldBytes = 0;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  #take(chunk: Buffer): void {
    if (this.#closed) return;
    this.onTaken?.(chunk);
    const now = performance.now();
    const { delayMs = 0, bytesPerSecondMax } = this.#faults;
    for (let at = 0; at < chunk.length; at += pieceBytesMax) {
      const bytes = chunk.subarray(at, at + pieceBytesMax);
      this.#freeAtMs =
        Math.max(this.#freeAtMs, now) + (bytesPerSecondMax === undefined ? 0 : (bytes.length / bytesPerSecondMax) * 1000);
      this.#held.push({ bytes, dueMs: this.#freeAtMs + delayMs });
      this.#heldBytes += bytes.length;
    }
    if (this.#heldBytes > heldBytesMax) this.#from.pause();
    this.#pump();
  }

  #pump(): void {
    if (this.#closed || this.#stalled || this.holding) return;
    clearTimeout(this.#timer);
    for (;;) {
      const piece = this.#held[0];
      if (piece === undefined || this.#to.writableNeedDrain) break;
      const waitMs = piece.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs);
        return;
      }
      this.#held.shift();
      this.#heldBytes -= piece.bytes.length;
      this.#pass(piece.bytes);
      if (this.#closed || this.#stallBegins()) return;
    }
    if (this.#heldBytes < heldBytesMax / 2) this.#from.resume();
    if (!this.#sourceEnded || this.#held.length > 0) return;
    this.#to.end();
    this.#onEmpty?.();
  }

  #pass(bytes: Buffer): void {
    if (this.#to.destroyed) return;
    this.passedBytes += bytes.length;
    this.#to.write(bytes);
    this.onPassed?.(bytes);
  }

  /** True when the one stall of this lane begins here. */
  #stallBegins(): boolean {
    const { stall } = this.#faults;
    if (stall === undefined || this.#stallDone || this.passedBytes < stall.afterBytes) return false;
    this.#stallDone = true;
    this.#stalled = true;
    this.#from.pause();
    this.#timer = setTimeout(() => {
      this.#stalled = false;
      this.#pump();
    }, stall.forMs);
    return true;
  }
}
