import type { Message } from '@tributary/protocol/messages.ts';

/**
 * Which batches of one connection were sent by the agent and not answered yet, as seen from outside: what the word "in flight"
 * means in the ledger. Acks are cumulative per channel; a refused batch is answered too.
 */
export class InFlight {
  readonly #unanswered = new Map<number, Set<number>>();
  batchesSent = 0;
  acksSeen = 0;

  get count(): number {
    let sum = 0;
    for (const sequences of this.#unanswered.values()) sum += sequences.size;
    return sum;
  }

  fromAgent(message: Message): void {
    if (message.kind !== 'batch') return;
    this.batchesSent += 1;
    const sequences = this.#unanswered.get(message.channel) ?? new Set();
    sequences.add(message.sequence);
    this.#unanswered.set(message.channel, sequences);
  }

  fromHub(message: Message): void {
    if (message.kind === 'refuse') this.#unanswered.get(message.channel)?.delete(message.sequence);
    if (message.kind !== 'ack') return;
    this.acksSeen += 1;
    const sequences = this.#unanswered.get(message.channel);
    for (const sequence of sequences ?? []) if (sequence <= message.sequence) sequences?.delete(sequence);
  }
}
