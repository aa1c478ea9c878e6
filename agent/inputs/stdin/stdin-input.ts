/**
 * The input of kind `stdin`: the lines of the agent's own standard input, to its end. A changed configuration stops this input and begins
 * another, which goes on where this one stopped: the pipe is neither closed nor read in between.
 */
import type { Readable } from 'node:stream';
import { Condition } from '../../framing/condition.ts';
import { createFilter } from '../../framing/create-filter.ts';
import { CountedStream, endAbandonedStreams } from '../counted-stream.ts';
import type { Input, SourceStatus } from '../input.ts';
import { pumpLines } from '../line-pump.ts';
import type { InputParts } from '../registry.ts';
import { RecordIntake } from '../sockets/record-intake.ts';
import type { StdinInputOptions } from './options.ts';

/** `ref` and `unref`, where it has them: whether it keeps the process alive. */
export type Pipe = Readable & { ref?(): unknown; unref?(): unknown };

const path = 'stdin';

export function createStdinInput(parts: InputParts<StdinInputOptions>): Input {
  return new StdinInput(parts, () => process.stdin);
}

export class StdinInput implements Input {
  readonly name: string;
  readonly #parts: InputParts<StdinInputOptions>;
  readonly #open: () => Pipe;
  readonly #changed = new Condition();
  #stream: CountedStream | undefined;
  #isAtEnd = false;

  constructor(parts: InputParts<StdinInputOptions>, open: () => Pipe) {
    this.name = parts.name;
    this.#parts = parts;
    this.#open = open;
    parts.sink.onReplaced((streamId, replacement) => {
      if (this.#stream?.streamId === streamId) this.#stream.replaced(replacement);
    });
  }

  /** Also resolves at the end of what there is to read. */
  async run(signal: AbortSignal): Promise<void> {
    const { sink, options, events, defaults } = this.#parts;
    const { overflow, encoding, type, tenant = defaults.tenant } = options;
    endAbandonedStreams(sink);
    const labels = { ...defaults.labels, ...options.labels };
    const attributes = { tenant, type, host: defaults.host, encoding, labels };
    const stream = await CountedStream.open({ sink, path, attributes, overflow });
    this.#stream = stream;
    events.sourceStarted(path, '');
    const intake = new RecordIntake({ sink, events, filter: createFilter(options.filters, encoding) });
    const readable = this.#open();
    readable.ref?.();
    try {
      await pumpLines({ readable, stream, intake, recordBytesMax: options.max_line_bytes, isReadToEnd: false }, signal);
    } finally {
      readable.unref?.();
      // Nobody may be there when it breaks.
      if (readable.listenerCount('error') === 0) readable.on('error', () => undefined);
      this.#stream = undefined;
      stream.end();
      this.#isAtEnd = true;
      this.#changed.notify();
      events.sourceEnded(path, '');
    }
  }

  sources(): readonly SourceStatus[] {
    if (this.#stream === undefined) return [];
    const { streamId, position } = this.#stream;
    return [{ path, streamId, position, size: position, state: 'reading' }];
  }

  async drained(signal: AbortSignal): Promise<void> {
    while (!this.#isAtEnd) await this.#changed.wait(signal);
  }
}
