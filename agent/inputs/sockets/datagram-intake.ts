/**
 * Takes the blocks of a datagram source in the order in which they came and pushes their runs. While there is no room it waits, and
 * blocks wait with it; when those are all taken, the kernel's buffer fills, and what it drops is counted. What a full agent's buffer
 * does not take is dropped and counted by the sink: nobody waits for who sends datagrams.
 */
import { Condition } from '../../framing/condition.ts';
import type { AllowList } from '@tributary/shared/network/allow-list.ts';
import type { DatagramBlock, DatagramRun } from './datagrams.ts';
import type { RecordIntake } from './record-intake.ts';
import type { Senders } from './senders.ts';

export interface DatagramIntakeOptions {
  readonly intake: RecordIntake;
  /** Of each socket of the source. */
  readonly senders: readonly Senders[];
  readonly allowed: AllowList;
  /** A sender that is in none of the allowed networks. */
  readonly onDenied: (socket: number, address: string) => void;
}

export class DatagramIntake {
  readonly #options: DatagramIntakeOptions;
  readonly #blocks: DatagramBlock[] = [];
  readonly #changed = new Condition();
  #isEnding = false;

  constructor(options: DatagramIntakeOptions) {
    this.#options = options;
  }

  add(block: DatagramBlock): void {
    this.#blocks.push(block);
    this.#changed.notify();
  }

  /** Nothing more is added. */
  end(): void {
    this.#isEnding = true;
    this.#changed.notify();
  }

  /** Resolves when `end` was called and all that was added is pushed; after the signal was aborted without waiting for room. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const block = this.#blocks.shift();
      if (block === undefined) {
        if (this.#isEnding) return;
        await this.#changed.wait();
        continue;
      }
      try {
        const hasRoom = await this.#push(block);
        if (!hasRoom && !signal.aborted) await this.#options.intake.ready(signal);
      } finally {
        block.release();
      }
    }
  }

  /** Streams that are not open yet are opened together, and each run is pushed in its order. */
  async #push(block: DatagramBlock): Promise<boolean> {
    const senders = this.#options.senders[block.socket];
    if (senders === undefined) return true;
    const allowed: (DatagramRun & { readonly content: Uint8Array })[] = [];
    let at = 0;
    for (const run of block.runs) {
      const content = block.bytes.subarray(at, at + run.bytes);
      at += run.bytes;
      if (this.#isAllowed(block.socket, run)) allowed.push({ ...run, content });
    }
    await Promise.all(allowed.map(({ sender }) => senders.of(sender)).filter((stream) => stream instanceof Promise));
    let hasRoom = true;
    for (const { sender, content: bytes, lengths, cuts } of allowed) {
      // Asked for again, as a stream may have been ended while others were opened.
      const stream = senders.of(sender);
      const opened = stream instanceof Promise ? await stream : stream;
      hasRoom = this.#options.intake.push(opened, { bytes, lengths, cuts }) && hasRoom;
    }
    return hasRoom;
  }

  #isAllowed(socket: number, { sender }: DatagramRun): boolean {
    if (sender === '' || this.#options.allowed.allows(sender)) return true;
    this.#options.onDenied(socket, sender);
    return false;
  }
}
