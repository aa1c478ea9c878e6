/**
 * One try at following a journal, from finding the place until journalctl ends.
 *
 *   begin → read → (replaced, or waited too long for room) begin …
 *
 * - Every push carries the resume token `<position> <cursor>`, which is stored in the transaction that stores the batch. So after a
 *   crash the next run reads on behind exactly the entry that is durable: nothing is lost, nothing doubled.
 * - A position may be elsewhere than its token: the site knows a stream's position by every batch, and its token by the last connection.
 *   Then the entry is looked for whose mark the position has. If it is gone, entries are read again in a new stream rather than lost;
 *   and what lies before the token and is not the site's is declared lost.
 * - When the entry of the cursor was vacuumed, reading goes on at the oldest entry after it, and what is missing is declared lost.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { CountedStream } from '../counted-stream.ts';
import type { SourceStatus, StreamState } from '../input.ts';
import type { InputParts } from '../registry.ts';
import { ExportParser, type JournalEntry } from './export-parser.ts';
import { type JournalPlaces, type Missing, missingBetween } from './journal-places.ts';
import { JournalFilter } from './journal-filter.ts';
import { cursorOf, type JournalRecord, recordOf } from './journal-record.ts';
import { identityOf, type JournalKey, type JournalStreams, journalStreamsOf } from './journal-streams.ts';
import { formatToken, parseToken } from './journal-token.ts';
import { argumentsFor, Journalctl, type JournalctlCommand } from './journalctl.ts';
import { pushBytesMax, pushRecordsMax, staleWaitMs } from './limits.ts';
import type { MachineNames } from './linux.ts';
import type { JournaldInputOptions } from './options.ts';

export interface JournalRunOptions extends InputParts<JournaldInputOptions> {
  readonly command: JournalctlCommand;
  readonly names: MachineNames;
  readonly key: JournalKey;
  readonly places: JournalPlaces;
  /** It works: a place was found, or records were pushed. */
  readonly onProgress: () => void;
}

export class JournalRun {
  readonly #options: JournalRunOptions;
  readonly #streams: JournalStreams;
  readonly #filter: JournalFilter;
  #stream: CountedStream | undefined;
  #claimed: Id | undefined;
  #cursor: string | undefined;
  #journalctl: Journalctl | undefined;
  #restart = false;

  constructor(options: JournalRunOptions) {
    this.#options = options;
    this.#streams = journalStreamsOf(options.sink);
    this.#filter = new JournalFilter(options.options.filters);
  }

  /** Of the last entry pushed or left out; undefined before the place is found. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  async until(signal: AbortSignal): Promise<void> {
    const { once = false } = this.#options;
    for (;;) {
      this.#restart = false;
      const stream = await this.#begin(signal);
      await this.#read(stream, { signal, missing: await this.#declareMissing(signal) });
      signal.throwIfAborted();
      if (this.#restart) continue;
      if (once) return;
      throw new Error('journalctl ended although it was to follow the journal');
    }
  }

  sources(): readonly SourceStatus[] {
    if (this.#stream === undefined) return [];
    const { streamId, position } = this.#stream;
    const state = this.#journalctl === undefined ? 'waiting' : 'reading';
    return [{ path: this.#options.key.path, streamId, position, size: position, state }];
  }

  /** The cursor at or behind which everything that is there by now was read. */
  async lastToCome(signal: AbortSignal): Promise<string> {
    const { places } = this.#options;
    const cursor = this.#cursor ?? '';
    return (await places.hasMore(cursor, signal)) ? await places.last('matching', signal) : cursor;
  }

  replaced(streamId: Id, replacement: StreamState): void {
    const stream = this.#stream;
    if (stream?.streamId !== streamId) return;
    const isAhead = replacement.position !== stream.position;
    stream.replaced(replacement);
    this.#claim(replacement.streamId);
    if (isAhead) this.#readAnew();
  }

  leave(): void {
    if (this.#claimed !== undefined) this.#streams.leave(this.#claimed);
    this.#claimed = undefined;
    this.#stream = undefined;
  }

  async #begin(signal: AbortSignal): Promise<CountedStream> {
    const { sink, options, key, places, events, onProgress } = this.#options;
    this.leave();
    const own = this.#streams.own(sink, key);
    if (own !== undefined) this.#claim(own.streamId);
    const { state, cursor } = (own === undefined ? await this.#takeOver(signal) : await this.#goOn(own, signal)) ?? {
      ...(await this.#open(options.start === 'end' ? await places.last('all', signal) : '')),
    };
    this.#claim(state.streamId);
    this.#cursor = cursor;
    this.#stream = CountedStream.resume(sink, options.overflow, state);
    events.sourceStarted(key.path, cursor === '' ? 'from the beginning' : `behind ${cursor}`);
    onProgress();
    return this.#stream;
  }

  async #goOn(state: StreamState, signal: AbortSignal): Promise<Begun> {
    const { sink, events, key } = this.#options;
    const place = await this.#placeOf(state, signal);
    if (place.kind === 'found') return { state, cursor: place.cursor };
    const { cursor, behind } = place;
    if (behind > 0) {
      events.lost({ path: key.path, cause: 'source-lost', bytes: 0, records: behind });
      return { state, cursor };
    }
    events.fileReplaced(key.path, state.streamId, 'the journal does not hold its last record any more');
    const begun = await this.#open(cursor);
    sink.endStream(state.streamId);
    return begun;
  }

  async #takeOver(signal: AbortSignal): Promise<Begun | undefined> {
    const { sink, key } = this.#options;
    const orphan = this.#streams.orphan(sink, key);
    if (orphan === undefined) return undefined;
    this.#claim(orphan.streamId);
    const { cursor } = await this.#placeOf(orphan, signal);
    const begun = await this.#open(cursor);
    sink.endStream(orphan.streamId);
    return begun;
  }

  async #open(cursor: string): Promise<Begun> {
    const { sink, key } = this.#options;
    const identity = identityOf(key.path, formatToken({ position: 0, cursor }));
    return { state: await sink.openStream({ identity, attributes: key.attributes, start: 0 }), cursor };
  }

  async #placeOf({ identity, position, mark }: StreamState, signal: AbortSignal): Promise<Place> {
    const token = parseToken(identity.token) ?? { position: 0, cursor: '' };
    if (token.position === position) return { kind: 'found', cursor: token.cursor };
    const newestFirst = token.position > position;
    const from = { cursor: token.cursor, newestFirst };
    const cursor = mark === '' ? undefined : await this.#options.places.find(mark, from, signal);
    if (cursor !== undefined) return { kind: 'found', cursor };
    return { kind: 'gone', cursor: token.cursor, behind: newestFirst ? token.position - position : 0 };
  }

  /** What journald removed before it was read. */
  async #declareMissing(signal: AbortSignal): Promise<Missing> {
    const cursor = this.#cursor ?? '';
    const missing: Missing = cursor === '' ? { kind: 'nothing' } : await this.#options.places.missingAfter(cursor, signal);
    this.#declare(missing);
    return missing;
  }

  #declare(missing: Missing): void {
    if (missing.kind !== 'vacuumed') return;
    const { events, key } = this.#options;
    const records = missing.entries === undefined ? {} : { records: missing.entries };
    events.lost({ path: key.path, cause: 'source-lost', bytes: 0, ...records });
  }

  async #read(stream: CountedStream, { signal, missing }: { signal: AbortSignal; missing: Missing }): Promise<void> {
    const { options, command, names, clock, once = false } = this.#options;
    const from = this.#cursor ?? '';
    const args = argumentsFor({ cursor: from, select: 'matching', follow: !once }, options, names);
    const parser = new ExportParser(options.max_field_bytes);
    let isFirst = from !== '';
    await using journalctl = new Journalctl(command, args, clock);
    using _ = journalctl.stopOn(signal);
    this.#journalctl = journalctl;
    try {
      for await (const piece of journalctl.pieces()) {
        const entries = parser.push(piece);
        const [first] = entries;
        if (isFirst && first !== undefined) {
          isFirst = false;
          const cursor = cursorOf(first);
          if (cursor === from) entries.shift();
          else if (missing.kind === 'all') this.#declare(missingBetween(from, cursor));
        }
        await this.#pushFiltered(stream, entries, signal);
        if (this.#restart) return;
      }
    } catch (error) {
      if (!this.#restart) throw error;
    } finally {
      this.#journalctl = undefined;
    }
  }

  /** What is left out gets no position: the cursor of the last record that was kept is stored, and the rest is looked at again. */
  async #pushFiltered(stream: CountedStream, entries: readonly JournalEntry[], signal: AbortSignal): Promise<void> {
    const { events, onProgress } = this.#options;
    const last = entries.at(-1);
    if (last === undefined) return;
    const { entries: kept, counts } = this.#filter.filter(entries);
    if (counts.excluded + counts.sampledOut + counts.redacted > 0) events.filtered(counts);
    await this.#push(
      stream,
      kept.map((entry) => recordOf(entry)),
      signal,
    );
    if (this.#restart) return;
    this.#cursor = cursorOf(last);
    onProgress();
  }

  async #push(stream: CountedStream, records: readonly JournalRecord[], signal: AbortSignal): Promise<void> {
    const { sink, events, key, clock, onProgress } = this.#options;
    for (const group of groupsOf(records)) {
      const bytes = Buffer.concat(group.map((record) => record.bytes));
      const lengths = group.map((record) => record.bytes.length);
      const cursor = group.at(-1)?.cursor ?? '';
      const cutBytes = group.reduce((sum, record) => sum + record.cutBytes, 0);
      if (cutBytes > 0) events.lost({ path: key.path, cause: 'too-large', bytes: cutBytes, records: 0 });
      const hasRoom = stream.push({ bytes, lengths }, formatToken({ position: stream.position + group.length, cursor }));
      this.#cursor = cursor;
      onProgress();
      if (hasRoom) continue;
      const fromMs = clock.monotonic();
      await sink.ready(signal);
      if (clock.monotonic() - fromMs >= staleWaitMs) this.#readAnew();
      if (this.#restart) return;
    }
  }

  /** Ends journalctl and begins at the place that the stream has now. */
  #readAnew(): void {
    this.#restart = true;
    this.#journalctl?.stop();
  }

  #claim(streamId: Id): void {
    if (this.#claimed !== undefined) this.#streams.leave(this.#claimed);
    this.#claimed = streamId;
    this.#streams.claim(streamId);
  }
}

interface Begun {
  readonly state: StreamState;
  readonly cursor: string;
}

type Place =
  | { readonly kind: 'found'; readonly cursor: string }
  /** `behind`: how many records the position is before the token; 0 when it is ahead of it. */
  | { readonly kind: 'gone'; readonly cursor: string; readonly behind: number };

/** Runs of a size that suits the batcher. */
function groupsOf(records: readonly JournalRecord[]): JournalRecord[][] {
  const groups: JournalRecord[][] = [];
  let group: JournalRecord[] = [];
  let size = 0;
  for (const record of records) {
    if (group.length > 0 && (size + record.bytes.length > pushBytesMax || group.length === pushRecordsMax)) {
      groups.push(group);
      group = [];
      size = 0;
    }
    group.push(record);
    size += record.bytes.length;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
