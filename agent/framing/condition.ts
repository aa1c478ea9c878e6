/** Lets tasks wait until something they depend on may have changed. Who wakes looks again: a notification is only a hint. */
export class Condition {
  #waiting = new Set<() => void>();

  /** Resolves at the next `notify`; rejects with the signal's reason when it is aborted first. */
  async wait(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => reject(signal?.reason);
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  notify(): void {
    if (this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }
}
