/** What is done with records on their way from a listener into a stream. */
import type { RecordFilter } from '../../framing/filters.ts';
import type { CountedStream, Records } from '../counted-stream.ts';
import type { InputEvents, Sink } from '../input.ts';
import { filterRecords } from '../record-filter.ts';

export interface RecordIntakeOptions {
  readonly sink: Sink;
  readonly events: InputEvents;
  readonly filter: RecordFilter | undefined;
}

export class RecordIntake {
  readonly #options: RecordIntakeOptions;

  constructor(options: RecordIntakeOptions) {
    this.#options = options;
  }

  /** Copies the records. False: nothing more should come until `ready` resolves. */
  push(stream: CountedStream, records: Records): boolean {
    const { filter, events } = this.#options;
    if (records.lengths.length === 0) return true;
    if (filter === undefined) return stream.push(records);
    const { records: kept, counts } = filterRecords(filter, records);
    if (counts.excluded + counts.sampledOut + counts.redacted > 0) events.filtered(counts);
    return kept.lengths.length === 0 || stream.push(kept);
  }

  /** Also resolves when the signal is aborted: whoever stops pushes what it has. */
  async ready(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.sink.ready(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
