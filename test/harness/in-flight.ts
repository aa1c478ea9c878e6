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
  /** Bytes as they were given to the hub, and as they came from it, where that says something. */
  toHub?(bytes: Buffer): void;
  takenFromHub?(bytes: Buffer): void;
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
 * Of a connection that nobody in between can read: TLS records long enough to be of a batch that no word of the hub can have answered, as
 * none came that had left it after they reached it. Less than what is in flight when the hub has answered something else, and never more.
 */
export class SealedInFlight implements InFlight {
  readonly #agentRecords: TlsRecordReader;
  readonly #reachedRecords: TlsRecordReader;
  readonly #leavingRecords: TlsRecordReader;
  readonly #hubRecords: TlsRecordReader;
  /** Of each word of the hub that is on its way: how many long records had reached it by then. */
  readonly #words: number[] = [];
  #sent = 0;
  #reached = 0;
  #answered = 0;

  constructor(listener: Pick<InFlightListener, 'onBatch'>) {
    this.#agentRecords = new TlsRecordReader((bytes) => {
      if (!isLong(bytes)) return;
      this.#sent += 1;
      listener.onBatch();
    });
    this.#reachedRecords = new TlsRecordReader((bytes) => (this.#reached += isLong(bytes) ? 1 : 0));
    this.#leavingRecords = new TlsRecordReader(() => this.#words.push(this.#reached));
    this.#hubRecords = new TlsRecordReader(() => (this.#answered = this.#words.shift() ?? this.#answered));
  }

  get count(): number {
    return this.#sent - this.#answered;
  }

  fromAgent(bytes: Buffer): void {
    this.#agentRecords.push(bytes);
  }

  toHub(bytes: Buffer): void {
    this.#reachedRecords.push(bytes);
  }

  takenFromHub(bytes: Buffer): void {
    this.#leavingRecords.push(bytes);
  }

  fromHub(bytes: Buffer): void {
    this.#hubRecords.push(bytes);
  }
}

function isLong(bytes: number): boolean {
  return bytes >= batchRecordBytesMin;
}
