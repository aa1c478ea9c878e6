/**
 * One channel of the receiving half: what is asked of the host and not answered yet. The host answers in any order; the peer
 * sees answers in the order of its batches: an Ack for all up to the first that is still open, a Refuse in its place.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { ChannelName, Message, Refuse } from '../messages.ts';

/** What a batch came to. */
export type BatchAnswer = 'durable' | Omit<Refuse, 'kind' | 'channel' | 'sequence'>;

interface OpenBatch {
  readonly sequence: number;
  readonly bytes: number;
  answer: BatchAnswer | undefined;
}

export class ServerChannel {
  readonly name: ChannelName;
  readonly number: number;
  readonly #send: (message: Message) => void;
  readonly #open: OpenBatch[] = [];
  #openBytes = 0;
  #creditBytes: number;
  /** The widest window the peer was ever told: it may not have seen a smaller one yet. */
  #creditBytesMax: number;
  #sequence = 0;
  /** The last batch that may be acked, and the last one that was. */
  #durable = 0;
  #acked = 0;

  constructor(options: { name: ChannelName; number: number; creditBytes: number; send: (message: Message) => void }) {
    this.name = options.name;
    this.number = options.number;
    this.#creditBytes = options.creditBytes;
    this.#creditBytesMax = options.creditBytes;
    this.#send = options.send;
  }

  get lastSequence(): number {
    return this.#sequence;
  }

  get openBatches(): number {
    return this.#open.length;
  }

  /** Whether one more batch of this size is within what the peer was granted. */
  admits(bytes: number): boolean {
    return this.#open.length === 0 || this.#openBytes + bytes <= this.#creditBytesMax;
  }

  received(sequence: number, bytes: number): void {
    assert(sequence === this.#sequence + 1, 'batches of a channel are numbered without holes');
    this.#sequence = sequence;
    this.#open.push({ sequence, bytes, answer: undefined });
    this.#openBytes += bytes;
  }

  answer(sequence: number, answer: BatchAnswer): void {
    const first = this.#open[0];
    assert(first !== undefined && sequence >= first.sequence, 'a batch is answered once');
    const batch = this.#open[sequence - first.sequence];
    assert(batch?.sequence === sequence && batch.answer === undefined, 'a batch that is open is answered');
    batch.answer = answer;
    this.#pass();
  }

  /** Sends what may be acked: once for many batches. */
  flushAck(): void {
    if (this.#durable === this.#acked) return;
    assert(this.#durable > this.#acked, 'acks ascend');
    this.#acked = this.#durable;
    this.#send({ kind: 'ack', channel: this.number, sequence: this.#acked });
  }

  setCredit(bytes: number): void {
    if (bytes === this.#creditBytes) return;
    this.#creditBytes = bytes;
    this.#creditBytesMax = Math.max(this.#creditBytesMax, bytes);
    this.#send({ kind: 'credit', channel: this.number, bytes });
  }

  #pass(): void {
    for (let first = this.#open[0]; first?.answer !== undefined; first = this.#open[0]) {
      this.#open.shift();
      this.#openBytes -= first.bytes;
      if (first.answer === 'durable') this.#durable = first.sequence;
      else {
        // The Ack of what came before goes first: a later one says nothing about a refused batch.
        this.flushAck();
        this.#send({ kind: 'refuse', channel: this.number, sequence: first.sequence, ...first.answer });
      }
    }
  }
}
