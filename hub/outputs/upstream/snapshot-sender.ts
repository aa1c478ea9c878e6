/** Tells the upstream this site's present health: at each connection, and now and then where it changed. */
import { snapshotBytesMax } from '@tributary/protocol/limits.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { Wake } from '../../groups/wake.ts';

export interface SnapshotSenderParts {
  readonly snapshot: () => Promise<unknown>;
  readonly send: (json: Uint8Array) => void;
  readonly clock: Clock;
  readonly onFailed: (error: unknown) => void;
}

/** Well before what was told last counts as unknown (sites/limits.ts). */
const toldAgainMs = 30_000;

export class SnapshotSender {
  readonly #parts: SnapshotSenderParts;
  readonly #wake = new Wake();
  #isConnected = false;
  #sent = '';
  #sentAtMs = 0;

  constructor(parts: SnapshotSenderParts) {
    this.#parts = parts;
  }

  /** There is another connection: whoever is at its other end may know nothing yet. */
  connected(): void {
    this.#isConnected = true;
    this.#sent = '';
    this.#wake.notify();
  }

  /** Resolves when aborted. That the health cannot be told now is no reason to pass nothing on. */
  async run(signal: AbortSignal, intervalMs: number): Promise<void> {
    while (!signal.aborted) {
      await this.#wake.wait(this.#parts.clock, signal, intervalMs);
      if (!signal.aborted && this.#isConnected) await this.#tell().catch(this.#parts.onFailed);
    }
  }

  async #tell(): Promise<void> {
    const snapshot = await this.#parts.snapshot();
    // The hub is still starting.
    if (snapshot === undefined) return;
    const text = JSON.stringify(snapshot);
    const nowMs = this.#parts.clock.monotonic();
    // A site where nothing happens is well, and only what is told again is known to be.
    if (text === this.#sent && nowMs - this.#sentAtMs < toldAgainMs) return;
    const json = Buffer.from(text);
    if (json.length > snapshotBytesMax) return;
    this.#sent = text;
    this.#sentAtMs = nowMs;
    this.#parts.send(json);
  }
}
