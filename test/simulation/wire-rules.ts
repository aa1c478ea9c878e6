import type { Ack, Batch, Message } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';

/**
 * What must hold on one connection, seen from the sender's end of the wire. The ends recover from much of what breaks these
 * rules, by asking again or by a new connection, so that the result alone would not show it.
 */
export class WireRules {
  readonly #positioned = new Set<number>();
  /** Bytes of bodies by sequence, by channel. */
  readonly #unanswered = new Map<number, Map<number, number>>();
  readonly #credit = new Map<number, number>();
  #creditBytes = 0;
  #recovering = false;

  /** The agent sends it. */
  sent(message: Message): void {
    const { kind } = message;
    if (kind === 'recover') this.#recovering = true;
    if (kind === 'open-stream' || kind === 'gap' || kind === 'batch') {
      assert(!this.#recovering, `no ${kind} before the streams are recovered`);
    }
    if (kind === 'batch') this.#batch(message);
  }

  /** It arrived at the agent. */
  arrived(message: Message): void {
    const { kind } = message;
    if (kind === 'welcome') this.#creditBytes = message.creditBytes;
    if (kind === 'recovered') this.#recovering = !message.last;
    if (kind === 'position') this.#positioned.add(message.stream);
    if (kind === 'credit') this.#credit.set(message.channel, message.bytes);
    if (kind === 'refuse') this.#unansweredOf(message.channel).delete(message.sequence);
    if (kind === 'ack') this.#acked(message);
    if (kind !== 'reject') return;
    assert(message.code !== 'protocol' && message.code !== 'limit', `the agent breaks a rule: ${message.hint}`);
  }

  #batch(message: Batch): void {
    for (const { stream } of message.segments) assert(this.#positioned.has(stream), 'a stream has a Position before its batches');
    const unanswered = this.#unansweredOf(message.channel);
    unanswered.set(message.sequence, message.body.length);
    let bytes = 0;
    for (const more of unanswered.values()) bytes += more;
    const credit = this.#credit.get(message.channel) ?? this.#creditBytes;
    assert(unanswered.size === 1 || bytes <= credit, 'no more is under way than the credit, but for one batch');
  }

  #acked({ channel, sequence: last }: Ack): void {
    const unanswered = this.#unansweredOf(channel);
    for (const sequence of unanswered.keys()) if (sequence <= last) unanswered.delete(sequence);
  }

  #unansweredOf(channel: number): Map<number, number> {
    return this.#unanswered.getOrInsert(channel, new Map<number, number>());
  }
}
