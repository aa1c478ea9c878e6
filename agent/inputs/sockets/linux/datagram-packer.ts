/**
 * Packs what a receiver took into blocks of shared memory, in which the records of a sender lie one after the other. It is done on
 * the thread that receives: the main thread pushes each run as it is.
 */
import type { DatagramReceiver } from '@tributary/shared/ffi/linux/datagram-receiver.ts';
import type { DatagramRun } from '../datagrams.ts';
import { blockRecordsMax } from '../limits.ts';
import { RecordList } from '../record-list.ts';

export interface PackedBlock {
  readonly block: number;
  readonly runs: readonly DatagramRun[];
}

export interface PackerOptions {
  readonly receiver: DatagramReceiver;
  readonly recordBytesMax: number;
  /** An empty block; waits for one. Undefined: the agent stops and none came free. */
  readonly takeBlock: () => { readonly index: number; readonly bytes: Buffer } | undefined;
  readonly post: (packed: PackedBlock) => void;
  /** A datagram, or the end of one, that could not be taken. */
  readonly onLost: (loss: {
    readonly cause: 'socket-full' | 'too-large';
    readonly bytes: number;
    readonly records: number;
  }) => void;
  readonly nowMs: () => number;
}

interface OpenRun {
  readonly sender: string;
  readonly records: RecordList;
}

/** Addresses that are remembered as text, of senders of IPv4. */
const namesMax = 1024;

export class DatagramPacker {
  readonly #options: PackerOptions;
  readonly #names = new Map<number, string>();
  #block: { readonly index: number; readonly bytes: Buffer } | undefined;
  #blockUsed = 0;
  #blockRecords = 0;
  #openedMs = 0;
  #runs: OpenRun[] = [];

  constructor(options: PackerOptions) {
    this.#options = options;
  }

  /** When the block that is being filled was begun; undefined: there is none. */
  get openedMs(): number | undefined {
    return this.#blockRecords === 0 ? undefined : this.#openedMs;
  }

  /** Packs the first `count` datagrams of the receiver: those of each sender in the order in which they came. */
  pack(count: number): void {
    const { receiver } = this.#options;
    const first = receiver.senderKey(0);
    let isOfOne = first !== undefined;
    for (let index = 1; index < count && isOfOne; index += 1) isOfOne = receiver.senderKey(index) === first;
    if (isOfOne) {
      const sender = this.#nameOf(0);
      for (let index = 0; index < count; index += 1) this.#add(index, sender);
      return;
    }
    const bySender = new Map<string, number[]>();
    for (let index = 0; index < count; index += 1) bySender.getOrInsertComputed(this.#nameOf(index), () => []).push(index);
    for (const [sender, indexes] of bySender) {
      for (const index of indexes) this.#add(index, sender);
    }
  }

  /** Hands over what was packed. */
  flush(): void {
    if (this.#block === undefined || this.#blockRecords === 0) return;
    const runs = this.#runs.map(({ sender, records }) => {
      const { byteLength: bytes, lengths, cuts } = records;
      return { sender, bytes, lengths, cuts };
    });
    this.#options.post({ block: this.#block.index, runs });
    this.#block = undefined;
    this.#runs = [];
    this.#blockUsed = 0;
    this.#blockRecords = 0;
  }

  #add(index: number, sender: string): void {
    const { receiver, recordBytesMax, onLost } = this.#options;
    const sent = receiver.lengthOf(index);
    const length = Math.min(sent, receiver.slotBytes);
    // Nobody can tell an empty record from none.
    if (length === 0) return;
    const block = this.#blockFor(length);
    if (block === undefined) {
      onLost({ cause: 'socket-full', bytes: sent, records: 1 });
      return;
    }
    if (sent > length) onLost({ cause: 'too-large', bytes: sent - length, records: 0 });
    const from = receiver.offsetOf(index);
    receiver.bytes.copy(block, this.#blockUsed, from, from + length);
    this.#blockUsed += length;
    this.#blockRecords += 1;
    let run = this.#runs.at(-1);
    if (run?.sender !== sender) {
      run = { sender, records: new RecordList() };
      this.#runs.push(run);
    }
    run.records.add(length, recordBytesMax);
    if (sent > length) run.records.markEnd();
  }

  #blockFor(length: number): Buffer | undefined {
    const open = this.#block;
    if (open !== undefined && this.#blockUsed + length <= open.bytes.length && this.#blockRecords < blockRecordsMax) {
      return open.bytes;
    }
    this.flush();
    this.#block = this.#options.takeBlock();
    this.#openedMs = this.#options.nowMs();
    return this.#block?.bytes;
  }

  #nameOf(index: number): string {
    const { receiver } = this.#options;
    const key = receiver.senderKey(index);
    if (key === undefined) return receiver.senderOf(index);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    if (this.#names.size >= namesMax) this.#names.clear();
    const name = receiver.senderOf(index);
    this.#names.set(key, name);
    return name;
  }
}
