import { decode } from '@tributary/protocol/codec.ts';
import type { Message } from '@tributary/protocol/messages.ts';
import { FrameReader } from './frame-reader.ts';
import { TlsRecordReader } from './tls-records.ts';

/** What was sent by the agent over one connection and not answered yet, as seen from outside: what "in flight" means in the ledger. */
export interface InFlight {
  readonly count: number;
  /** Bytes as they came from the agent, and as they were given to it. */
  fromAgent(bytes: Buffer): void;
  fromHub(bytes: Buffer): void;
}

export interface InFlightListener {
  readonly onMessage: (from: 'agent' | 'hub', message: Message) => void;
  readonly onBatch: () => void;
}

/** Of a connection that can be read: whole batches. Acks are cumulative per channel; a refused batch is answered too. */
export class ReadableInFlight implements InFlight {
  readonly #unanswered = new Map<number, Set<number>>();
  readonly #agentFrames: FrameReader;
  readonly #hubFrames: FrameReader;
  readonly #listener: InFlightListener;

  constructor(listener: InFlightListener) {
    this.#listener = listener;
    this.#agentFrames = new FrameReader((bytes) => this.#agentSaid(decode(bytes)));
    this.#hubFrames = new FrameReader((bytes) => this.#hubSaid(decode(bytes)));
  }

  get count(): number {
    let sum = 0;
    for (const sequences of this.#unanswered.values()) sum += sequences.size;
    return sum;
  }

  fromAgent(bytes: Buffer): void {
    this.#agentFrames.push(bytes);
  }

  fromHub(bytes: Buffer): void {
    this.#hubFrames.push(bytes);
  }

  #agentSaid(message: Message): void {
    if (message.kind === 'batch') {
      const sequences = this.#unanswered.get(message.channel) ?? new Set();
      sequences.add(message.sequence);
      this.#unanswered.set(message.channel, sequences);
    }
    this.#listener.onMessage('agent', message);
    if (message.kind === 'batch') this.#listener.onBatch();
  }

  #hubSaid(message: Message): void {
    if (message.kind === 'refuse') this.#unanswered.get(message.channel)?.delete(message.sequence);
    if (message.kind === 'ack') {
      const sequences = this.#unanswered.get(message.channel);
      for (const sequence of sequences ?? []) if (sequence <= message.sequence) sequences?.delete(sequence);
    }
    this.#listener.onMessage('hub', message);
  }
}

/** Longer than any message of an agent but a batch, and any request of an enrolment or renewal. */
const batchRecordBytesMin = 4096;

/**
 * Of a connection that nobody in between can read: TLS records long enough to be of a batch since the hub last said anything. Less than
 * what is in flight when the hub has answered something else meanwhile, and never more.
 */
export class SealedInFlight implements InFlight {
  readonly #agentRecords: TlsRecordReader;
  readonly #hubRecords: TlsRecordReader;
  count = 0;

  constructor(listener: Pick<InFlightListener, 'onBatch'>) {
    this.#agentRecords = new TlsRecordReader((bytes) => {
      if (bytes < batchRecordBytesMin) return;
      this.count += 1;
      listener.onBatch();
    });
    this.#hubRecords = new TlsRecordReader(() => (this.count = 0));
  }

  fromAgent(bytes: Buffer): void {
    this.#agentRecords.push(bytes);
  }

  fromHub(bytes: Buffer): void {
    this.#hubRecords.push(bytes);
  }
}
