/** Takes the site's word on the streams that this agent once had: planned by adoption.ts, one step for the writer. */
import type { Id, RecoveredStream } from '@tributary/protocol/messages.ts';
import type { Outbox } from '@tributary/protocol/session/outbox.ts';
import type { StreamState } from '../inputs/input.ts';
import { planAdoption } from './adoption.ts';
import { splitBatches } from './rebuild-batch.ts';
import type { RetainedIndex } from './retained-index.ts';
import type { SourceMark } from './source-mark.ts';
import type { StreamTable } from './stream-table.ts';
import type { WriterClient } from './writer-client.ts';

export interface RecoveryParts {
  readonly writer: WriterClient;
  readonly index: RetainedIndex;
  readonly streams: StreamTable;
  readonly outbox: Outbox;
  readonly sourceMark: SourceMark;
  readonly isNeeded: boolean;
}

export class Recovery {
  readonly #parts: RecoveryParts;
  /** Streams that were opened before the site told which it knows. */
  readonly #openedHere = new Set<Id>();
  #isNeeded: boolean;
  #adopting: Promise<void> | undefined;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#isNeeded = parts.isNeeded;
  }

  /** Until the site has told which streams it knows. */
  get isNeeded(): boolean {
    return this.#isNeeded;
  }

  get isUnderWay(): boolean {
    return this.#isNeeded && this.#adopting !== undefined;
  }

  opened(streamId: Id): void {
    if (this.#isNeeded) this.#openedHere.add(streamId);
  }

  wasOpenedHere(streamId: Id): boolean {
    return this.#openedHere.has(streamId);
  }

  /** A connection that ended meanwhile may be followed by one that is told the same: that is done once. */
  async adopt(recovered: readonly RecoveredStream[]): Promise<void> {
    this.#adopting ??= this.#adopt(recovered);
    await this.#adopting;
  }

  /** Meanwhile inputs whose sources cannot be read again open streams and append to them: what is planned is not theirs. */
  async #adopt(recovered: readonly RecoveredStream[]): Promise<void> {
    const { writer, index, streams, outbox, sourceMark } = this.#parts;
    const batches = [...index.all()].filter((entry) => entry.ackedMs === undefined).map((entry) => entry.batch);
    const plan = planAdoption({ recovered, streams: streams.byId, batches, openedHere: this.#openedHere, sourceMark });
    const { removed, rebuilt } = splitBatches(plan.dropped, index, outbox);
    await writer.call('adopt', { streams: plan.streams, removed, rebuilt });
    this.#isNeeded = false;
    for (const id of removed) index.remove(id);
    for (const { batch } of rebuilt) index.rebuild(batch);
    for (const stream of plan.streams) this.#adopted(stream);
  }

  /** One that was ended meanwhile stays ended. */
  #adopted(stream: StreamState): void {
    const { streams } = this.#parts;
    const ended = stream.ended || streams.get(stream.streamId)?.ended === true;
    streams.put({ ...stream, ended });
  }
}
