/**
 * The input of kind `canary`: a numbered record now and then, of log type `canary`, which goes the way of all records. The hub looks whether each number
 * arrived once where records end. Numbers count from 1 within a run; a run that is stopped says so with its last one, so that none is waited for after it.
 */
import { randomUUID } from 'node:crypto';
import { canaryType } from '@tributary/protocol/platform/canary.ts';
import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import { CountedStream, endAbandonedStreams } from '../counted-stream.ts';
import type { Input, SourceStatus } from '../input.ts';
import type { InputParts } from '../registry.ts';
import type { CanaryInputOptions } from './options.ts';

export function createCanaryInput(parts: InputParts<CanaryInputOptions>): Input {
  return new CanaryInput(parts);
}

class CanaryInput implements Input {
  readonly name: string;
  readonly #parts: InputParts<CanaryInputOptions>;
  #stream: CountedStream | undefined;

  constructor(parts: InputParts<CanaryInputOptions>) {
    this.name = parts.name;
    this.#parts = parts;
    parts.sink.onReplaced((streamId, replacement) => {
      if (this.#stream?.streamId === streamId) this.#stream.replaced(replacement);
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { sink, options, clock, defaults } = this.#parts;
    endAbandonedStreams(sink);
    const labels = { ...defaults.labels, ...options.labels };
    const tenant = options.tenant ?? defaults.tenant;
    const attributes: Omit<StreamAttributes, 'counted'> = {
      tenant,
      type: canaryType,
      host: defaults.host,
      encoding: 'utf-8',
      labels,
    };
    const stream = await CountedStream.open({ sink, path: this.name, attributes, overflow: 'block' });
    this.#stream = stream;
    const run = randomUUID();
    let sequence = 0;
    const send = (isLast: boolean): boolean => {
      sequence += 1;
      const canary = { run, sequence, interval_ms: options.interval, ...(isLast && { last: true }) };
      const sent = new Date(clock.now()).toISOString();
      const bytes = Buffer.from(`${JSON.stringify({ '@timestamp': sent, canary })}\n`);
      return stream.push({ bytes, lengths: [bytes.length] });
    };
    try {
      while (!signal.aborted) {
        if (!send(false)) await sink.ready(signal);
        await clock.sleep(options.interval, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      send(true);
      this.#stream = undefined;
      stream.end();
    }
  }

  sources(): readonly SourceStatus[] {
    const stream = this.#stream;
    if (stream === undefined) return [];
    return [{ path: this.name, streamId: stream.streamId, position: stream.position, size: stream.position, state: 'reading' }];
  }

  /** Nothing waits to be read. */
  async drained(): Promise<void> {
    await Promise.resolve();
  }
}
