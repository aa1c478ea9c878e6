/**
 * What comes for a channel reaches the queue in the order in which it came, also where some of it has to be made ready first. Where nothing
 * waits, nothing is put off: another channel never is.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';

export class Turns {
  /** Resolves when the last one of the channel was handed on. */
  readonly #last = new Map<ChannelName, Promise<void>>();

  /**
   * Hands on what was made ready when all that came before it was handed on. `handOn` is called at once where it needs nothing and nobody is
   * before it; what becomes of it is not waited for by those behind it. Rejects where it cannot be made ready: those behind it go on.
   */
  take<Ready, Result>(
    channel: ChannelName,
    ready: Promise<Ready> | undefined,
    handOn: (ready: Ready | undefined) => Promise<Result>,
  ): Promise<Result> {
    const before = this.#last.get(channel);
    if (ready === undefined && before === undefined) return handOn(undefined);
    const handed = Promise.withResolvers<void>();
    this.#last.set(channel, handed.promise);
    return this.#inTurn({ ready, before, handOn }, () => {
      handed.resolve();
      if (this.#last.get(channel) === handed.promise) this.#last.delete(channel);
    });
  }

  async #inTurn<Ready, Result>(
    turn: {
      readonly ready: Promise<Ready> | undefined;
      readonly before: Promise<void> | undefined;
      readonly handOn: (ready: Ready | undefined) => Promise<Result>;
    },
    next: () => void,
  ): Promise<Result> {
    let handedOn: Promise<Result>;
    try {
      // Both are waited for: one that failed must not let those behind it overtake those before it.
      const [ready] = await Promise.allSettled([turn.ready, turn.before]);
      if (ready.status === 'rejected') throw ready.reason;
      handedOn = turn.handOn(ready.value);
    } finally {
      next();
    }
    return handedOn;
  }
}
