/**
 * One connection: read, framed and pushed as fast as there is room, so that a sender who is faster is slowed down by TCP itself.
 *
 * It ends when the sender ends it, when it was silent for too long (not while it is the agent that does not read), or when the agent
 * stops. Then what is held is the last record. With
 * `confirm`, a sender who ended its half is answered `OK <records>` once everything it sent is durable, and only then: an end
 * without it, of whatever kind, says nothing, since the kernel closes the connections of a killed process as if all were well.
 */
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@tributary/shared/clock.ts';
import { Condition } from '../../framing/condition.ts';
import type { CountedStream, Records } from '../counted-stream.ts';
import { confirmPollMs, stopConnectionMs, stopGraceMs, stopQuietMs } from './limits.ts';
import type { LossTally } from './loss-tally.ts';
import type { RecordIntake } from './record-intake.ts';
import type { Senders } from './senders.ts';
import { type Framing, StreamFramer } from './stream-framer.ts';

export interface ConnectionOptions {
  readonly socket: Socket;
  /** '' where it has no address. */
  readonly sender: string;
  readonly senders: Senders;
  readonly intake: RecordIntake;
  readonly losses: LossTally;
  readonly clock: Clock;
  readonly framing: Framing;
  readonly recordBytesMax: number;
  /** Undefined: it may be silent for ever. */
  readonly idleTimeoutMs: number | undefined;
  readonly confirm: boolean;
  /** What its losses are told under. */
  readonly path: string;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #framer: StreamFramer;
  readonly #changed = new Condition();
  #records = 0;
  #heardMs: number;
  #isOver = false;
  #isWaiting = false;
  #isEndedBySender = false;
  /** Up to where it was pushed into which stream: what `confirm` waits for. */
  readonly #pushedTo = new Map<CountedStream, number>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#framer = new StreamFramer(options.framing, options.recordBytesMax);
    this.#heardMs = options.clock.monotonic();
    const { socket, idleTimeoutMs } = options;
    const changed = (): void => this.#changed.notify();
    socket.on('readable', changed);
    socket.on('close', changed);
    // It closes by itself then; what came before is kept.
    socket.on('error', changed);
    socket.on('end', () => {
      this.#isEndedBySender = true;
      changed();
    });
    if (idleTimeoutMs !== undefined) {
      socket.on('timeout', () => {
        this.#isOver ||= this.#isWaiting;
        changed();
      });
    }
  }

  /** Resolves when it is closed and all of it is pushed. */
  async run(signal: AbortSignal): Promise<void> {
    const { socket } = this.#options;
    const stopping = this.#stopWhenQuiet(signal);
    try {
      for (let chunk = await this.#nextChunk(); chunk !== undefined; chunk = await this.#nextChunk()) {
        this.#heardMs = this.#options.clock.monotonic();
        await this.#push(this.#framer.frame(chunk), signal);
      }
      await this.#pushLast(signal);
      if (this.#options.confirm && this.#isEndedBySender) await this.#confirm(signal);
    } finally {
      this.#isOver = true;
      this.#changed.notify();
      socket.destroySoon();
      await stopping;
    }
  }

  async #nextChunk(): Promise<Buffer | undefined> {
    const { socket } = this.#options;
    for (;;) {
      const chunk: unknown = socket.read();
      if (chunk instanceof Buffer) return chunk;
      if (this.#isOver || this.#isEndedBySender || socket.destroyed) return undefined;
      await this.#waitForMore();
    }
  }

  /** The time of silence begins here: what is not read is no silence of the sender's. */
  async #waitForMore(): Promise<void> {
    const { socket, idleTimeoutMs } = this.#options;
    if (idleTimeoutMs !== undefined) socket.setTimeout(idleTimeoutMs);
    this.#isWaiting = true;
    await this.#changed.wait();
    this.#isWaiting = false;
  }

  async #push(records: Records, signal: AbortSignal): Promise<void> {
    if (records.lengths.length === 0) return;
    const { senders, intake, sender } = this.#options;
    const opening = senders.of(sender);
    const stream = opening instanceof Promise ? await opening : opening;
    this.#records += records.lengths.length;
    const hasRoom = intake.push(stream, records);
    this.#pushedTo.set(stream, stream.position);
    if (!hasRoom && !signal.aborted) await intake.ready(signal);
  }

  async #pushLast(signal: AbortSignal): Promise<void> {
    const { losses, path } = this.#options;
    const { records, missing } = this.#framer.end();
    await this.#push(records, signal);
    if (missing > 0) losses.add({ path, cause: 'connection-ended', bytes: missing });
  }

  async #confirm(signal: AbortSignal): Promise<void> {
    const { clock, socket } = this.#options;
    let untilMs = Number.POSITIVE_INFINITY;
    while (![...this.#pushedTo].every(([stream, position]) => stream.isStoredTo(position))) {
      if (signal.aborted) untilMs = Math.min(untilMs, clock.monotonic() + stopGraceMs);
      if (socket.destroyed || clock.monotonic() > untilMs) return;
      await clock.sleep(confirmPollMs);
    }
    const written = Promise.withResolvers<void>();
    socket.end(`OK ${this.#records}\n`, () => written.resolve());
    socket.once('close', () => written.resolve());
    await written.promise;
  }

  /** When the agent stops, the sender is told so by the end of our half; what it had sent by then is still read. */
  async #stopWhenQuiet(signal: AbortSignal): Promise<void> {
    const { clock, socket, confirm } = this.#options;
    await this.#aborted(signal);
    if (this.#isOver) return;
    if (!confirm) socket.end();
    const untilMs = clock.monotonic() + stopConnectionMs;
    for (let quietMs = 0; quietMs < stopQuietMs && !this.#isOver;) {
      await clock.sleep(stopQuietMs - quietMs);
      // On a busy machine that time is over before what came meanwhile was looked for.
      await setImmediate();
      // What is not read as there is no room is no silence of the sender's.
      const heardMs = this.#isWaiting ? this.#heardMs : clock.monotonic();
      quietMs = clock.monotonic() >= untilMs ? stopQuietMs : clock.monotonic() - heardMs;
    }
    this.#isOver = true;
    this.#changed.notify();
  }

  async #aborted(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isOver) await this.#changed.wait(signal).catch(() => undefined);
  }
}
