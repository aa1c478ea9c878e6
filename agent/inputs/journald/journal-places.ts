/** Where in a journal a stream goes on. */
import type { Clock } from '@tributary/shared/clock.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { Mark } from '@tributary/protocol/messages.ts';
import { markOfCursor } from './journal-record.ts';
import { entriesBetween } from './journal-token.ts';
import { argumentsFor, askForCursor, Journalctl, type JournalctlCommand, type JournalQuery } from './journalctl.ts';
import type { MachineNames } from './linux.ts';
import type { JournaldInputOptions } from './options.ts';

export interface Journal {
  readonly command: JournalctlCommand;
  readonly options: JournaldInputOptions;
  readonly names: MachineNames;
  readonly clock: Clock;
}

/** What lies between a cursor and the oldest entry after it. */
export type Missing =
  | { readonly kind: 'nothing' }
  /** `entries` is undefined when nothing tells how many. */
  | { readonly kind: 'vacuumed'; readonly entries: number | undefined }
  /** There is no entry any more, nor a later one. */
  | { readonly kind: 'all' };

export class JournalPlaces {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Cursor of the last entry there is by now; '' when there is none. */
  async last(select: JournalQuery['select'], signal: AbortSignal): Promise<string> {
    const answer = await this.#ask({ cursor: '', select, count: 1 }, { isEnough: () => true, signal });
    return answer?.cursor ?? '';
  }

  /** Whether an entry that the input reads comes behind this one. */
  async hasMore(cursor: string, signal: AbortSignal): Promise<boolean> {
    const isEnough = (next: string): boolean => next !== cursor;
    return (await this.#ask({ cursor, select: 'matching', count: 2 }, { isEnough, signal }))?.found === true;
  }

  /** The entry behind which a position with this mark is; undefined when it is not there. */
  async find(mark: Mark, from: { cursor: string; newestFirst: boolean }, signal: AbortSignal): Promise<string | undefined> {
    assert(mark !== '', 'a position behind a record has a mark');
    const isEnough = (cursor: string): boolean => markOfCursor(cursor) === mark;
    const answer = await this.#ask({ ...from, select: 'all' }, { isEnough, signal });
    return answer?.found === true ? answer.cursor : undefined;
  }

  /** What was vacuumed behind a cursor that reading is to go on at. */
  async missingAfter(cursor: string, signal: AbortSignal): Promise<Missing> {
    const oldest = await this.#ask({ cursor, select: 'all', count: 1 }, { isEnough: () => true, signal });
    if (oldest === undefined) return { kind: 'all' };
    return missingBetween(cursor, oldest.cursor);
  }

  async #ask(
    query: JournalQuery,
    by: { isEnough: (cursor: string) => boolean; signal: AbortSignal },
  ): ReturnType<typeof askForCursor> {
    const { command, options, names, clock } = this.#journal;
    const args = [...argumentsFor(query, options, names), '--output-fields=_BOOT_ID'];
    await using journalctl = new Journalctl(command, args, clock);
    using _ = journalctl.stopOn(by.signal);
    return await askForCursor(journalctl, by.isEnough);
  }
}

export function missingBetween(cursor: string, oldest: string): Missing {
  if (oldest === cursor) return { kind: 'nothing' };
  const entries = entriesBetween(cursor, oldest);
  return entries === 0 ? { kind: 'nothing' } : { kind: 'vacuumed', entries };
}
