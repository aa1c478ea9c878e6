/**
 * Books that do not balance (invariant 8): the archive passed more records, or fewer, than it has, kept as dead letters, left out or was
 * made to step over. All of these are summed up in the steps that they tell of, so a difference that stays is a fault of ours.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { ChannelBooks } from '../status/books.ts';
import type { Finding } from './findings.ts';
import { unbalancedMs } from './limits.ts';

export class BooksFindings {
  /** Since when they do not balance, by the clock that is never set. */
  readonly #sinceMs = new Map<ChannelName, number>();

  /** Of the books as they are now: those that have not balanced for so long that no step under way explains it. */
  look(books: readonly ChannelBooks[], nowMonotonicMs: number): Finding[] {
    const wrong = books.filter(({ missing }) => missing !== 0);
    const channels = new Set(wrong.map(({ channel }) => channel));
    for (const channel of this.#sinceMs.keys()) if (!channels.has(channel)) this.#sinceMs.delete(channel);
    return wrong.flatMap((book) => {
      const sinceMs = this.#sinceMs.getOrInsert(book.channel, nowMonotonicMs);
      return nowMonotonicMs - sinceMs < unbalancedMs ? [] : [unbalanced(book)];
    });
  }
}

function unbalanced({ channel, processed, missing }: ChannelBooks): Finding {
  const difference =
    missing > 0
      ? `${missing} of ${processed} processed records are neither archived nor waiting, left out, dropped or dead letters`
      : `the archive has ${-missing} records more than were processed`;
  const hint = 'compare the archive with what was sent, keep the log, and report it with tributary-hub status --json';
  return {
    kind: 'books-unbalanced',
    subject: channel,
    level: 'red',
    reason: `${channel}: the books do not balance: ${difference}; ${hint}`,
  };
}
