import { once } from 'node:events';

/** Those who wait until there is room again. */
export class RoomGate {
  readonly #changed = new EventTarget();
  readonly #hasRoom: () => boolean;

  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Called whenever the answer may have become yes. */
  changed(): void {
    if (this.#hasRoom()) this.#changed.dispatchEvent(new Event('room'));
  }

  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (!this.#hasRoom()) await once(this.#changed, 'room', { signal });
  }
}
