/** Platform events straight into their indices, past the topic: after the set-up, and as documents that may be there already. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { DeadLetter } from '../../dead-letters/dead-letter.ts';
import type { DeadLetterSender } from '../../dead-letters/dead-letter-sender.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import { dispatch } from '../../platform/dispatch/dispatch.ts';
import type { DispatchBook } from '../../platform/dispatch/dispatch-book.ts';
import type { DispatchCounts, PlatformWriter } from '../../platform/dispatch/platform-writer.ts';
import { indexOf, type IndexRules } from './index-names.ts';

export interface ElasticsearchPlatformWriterParts {
  readonly output: string;
  readonly rules: IndexRules;
  readonly siteId: Id;
  readonly hubId: Id;
  readonly clock: Pick<Clock, 'now'>;
  readonly book: DispatchBook;
  readonly sender: DeadLetterSender;
  readonly takes: (tenant: string) => boolean;
  /** Resolves when documents may go. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly newId: () => string;
}

export class ElasticsearchPlatformWriter implements PlatformWriter {
  readonly #parts: ElasticsearchPlatformWriterParts;

  constructor(parts: ElasticsearchPlatformWriterParts) {
    this.#parts = parts;
  }

  takes(tenant: string): boolean {
    return this.#parts.takes(tenant);
  }

  dispatched(): DispatchCounts {
    const { book } = this.#parts;
    book.look();
    return book.counts;
  }

  async write(
    documents: readonly string[],
    of: { readonly tenant: string; readonly host: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { ready, sender } = this.#parts;
    await ready(signal);
    const answers = await sender.send(
      documents.map((text) => this.#letter(text, of)),
      signal,
    );
    const refused = answers.find((answer) => answer !== 'done');
    if (refused !== undefined) throw new Error(`Elasticsearch refuses an event: ${refused.type}: ${refused.reason}`);
  }

  /** Dead letters are documents with all that is needed to send them. */
  #letter(text: string, { tenant, host }: { readonly tenant: string; readonly host: string }): DeadLetter {
    const { output, rules, siteId, hubId, clock, newId } = this.#parts;
    const nowMs = clock.now();
    const origin = {
      siteId,
      agentId: hubId,
      streamId: undefined,
      position: 0,
      ordinal: 0,
      isPartial: false,
      encoding: '',
      host,
      labels: {},
    };
    const made = dispatch({ tenant, text, receivedMs: nowMs, eventMs: undefined, origin }, rules);
    const { name, timeMs, id = newId(), document } = made;
    return {
      output,
      id,
      index: indexOf(name, rules, { timeMs, receivedMs: nowMs }),
      status: 0,
      type: '',
      reason: '',
      atMs: nowMs,
      tries: 0,
      document,
    };
  }
}
