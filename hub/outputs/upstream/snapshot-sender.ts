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

/** Well before it counts as silent (sites/limits.ts). */
const toldAgainMs = 4000;
/** Figures change all the time; a colour is told at once. */
const calmMs = 4000;

export class SnapshotSender {
  readonly #parts: SnapshotSenderParts;
  readonly #wake = new Wake();
  #isConnected = false;
  #sent = '';
  /** The part of it that nobody waits for. */
  #sentHealth = '';
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
    const health = healthText(snapshot);
    if (this.#sent !== '' && health === this.#sentHealth && nowMs - this.#sentAtMs < calmMs) return;
    const json = Buffer.from(text);
    if (json.length > snapshotBytesMax) return;
    this.#sent = text;
    this.#sentHealth = health;
    this.#sentAtMs = nowMs;
    this.#parts.send(json);
  }
}

function healthText(snapshot: unknown): string {
  return typeof snapshot === 'object' && snapshot !== null && 'health' in snapshot ? JSON.stringify(snapshot.health) : '';
}
