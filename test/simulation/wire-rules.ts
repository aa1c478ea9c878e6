import type { Message } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';

/**
 * What must hold on one connection, seen from the sender's end of the wire. The ends recover from much of what breaks these
 * rules, by asking again or by a new connection, so that the result alone would not show it.
 */
export class WireRules {
  readonly #positioned = new Set<number>();
  readonly #unanswered = new Map<number, Map<number, number>>();
  readonly #credit = new Map<number, number>();
  #creditBytes = 0;
  #recovering = false;

  /** The agent sends it. */
  sent(message: Message): void {
    switch (message.kind) {
      case 'recover':
        this.#recovering = true;
        return;
      case 'open-stream':
      case 'gap':
        assert(!this.#recovering, `no ${message.kind} before the streams are recovered`);
        return;
      case 'batch': {
        for (const { stream } of message.segments)
          assert(this.#positioned.has(stream), 'a stream has a Position before its batches');
        const unanswered = this.#unanswered.getOrInsert(message.channel, new Map<number, number>());
        unanswered.set(message.sequence, message.body.length);
        const bytes = [...unanswered.values()].reduce((sum, more) => sum + more, 0);
        const credit = this.#credit.get(message.channel) ?? this.#creditBytes;
        assert(unanswered.size === 1 || bytes <= credit, 'no more is under way than the credit, but for one batch');
        return;
      }
      default:
    }
  }

  /** It arrived at the agent. */
  arrived(message: Message): void {
    switch (message.kind) {
      case 'welcome':
        this.#creditBytes = message.creditBytes;
        return;
      case 'recovered':
        this.#recovering = !message.last;
        return;
      case 'position':
        this.#positioned.add(message.stream);
        return;
      case 'credit':
        this.#credit.set(message.channel, message.bytes);
        return;
      case 'refuse':
        this.#unanswered.get(message.channel)?.delete(message.sequence);
        return;
      case 'ack': {
        const unanswered = this.#unanswered.get(message.channel) ?? new Map<number, number>();
        for (const sequence of unanswered.keys()) if (sequence <= message.sequence) unanswered.delete(sequence);
        return;
      }
      case 'reject':
        assert(message.code !== 'protocol' && message.code !== 'limit', `the agent breaks a rule: ${message.hint}`);
        return;
      default:
    }
  }
}
