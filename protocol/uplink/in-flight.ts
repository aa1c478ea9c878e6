import type { Message } from '../messages.ts';

/** Bytes of bodies that were sent and not answered, as the frames of one connection tell. */
export class InFlight {
  readonly #channels = new Map<number, Map<number, number>>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  sent(message: Message): void {
    if (message.kind !== 'batch') return;
    const channel = this.#channels.getOrInsertComputed(message.channel, () => new Map());
    channel.set(message.sequence, message.body.length);
    this.#bytes += message.body.length;
  }

  received(message: Message): void {
    if (message.kind !== 'ack' && message.kind !== 'refuse') return;
    const channel = this.#channels.get(message.channel);
    for (const [sequence, bytes] of channel ?? []) {
      // In the order of sending: what comes behind is not answered yet.
      if (sequence > message.sequence) return;
      channel?.delete(sequence);
      this.#bytes -= bytes;
    }
  }
}
