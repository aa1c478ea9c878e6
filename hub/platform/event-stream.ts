/**
 * Documents as records of the channel `<platform tenant>/platform`: published like what comes over HTTP, so that they are processed,
 * archived and searched like any log line.
 */
import { platformType } from '@tributary/protocol/platform/document.ts';
import type { ListenerStreams, Published } from '../listeners/listener-stream.ts';
import { blockOf } from '../listeners/record-block.ts';

export class EventStream {
  readonly #streams: Pick<ListenerStreams, 'publish'>;
  readonly #target: { readonly tenant: string; readonly type: string; readonly host: string; readonly source: string };

  /** `source` tells streams of the channel apart: `hub`, `audit`. */
  constructor(
    streams: Pick<ListenerStreams, 'publish'>,
    target: { readonly tenant: string; readonly host: string; readonly source: string },
  ) {
    this.#streams = streams;
    this.#target = { ...target, type: platformType };
  }

  /** One entry, durable when it resolves. With a key that was used before, nothing is stored. */
  publish(documents: readonly string[], idempotencyKey?: string): Promise<Published> {
    return this.#streams.publish(this.#target, blockOf(documents), idempotencyKey);
  }
}
