/**
 * Keeps track of where the files of known sources are: what a rename, a deletion and a vanished folder mean for a stream.
 *
 * - Renamed to a name that a glob matches: the source goes on under that name.
 * - Renamed to another name: it is read to its end there. When all of it is acknowledged and it did not grow for `rotated_wait`, its
 *   handle is closed and the scan looks whether it grows again; the stream ends only when the file is gone.
 * - Deleted: read to its end by the handle; the stream ends when all is acknowledged and it did not grow for `rotated_wait`.
 * - Not found, with no handle open: the stream goes on in a copy or a compressed form of the file (copies.ts), or ends if the file's
 *   folder can be looked into and is on the same device; otherwise (a file system that is not mounted now, a folder that is closed to
 *   us) it waits. Only another look that does not find it `goneAfterMs` after the first one is believed: the listing of a folder misses
 *   files that are renamed while it is made.
 *
 * No more than `rotated_files_max` handles are kept for this. Beyond it the oldest are given up: a file that has a name is read on by
 * it, of a deleted one the rest is lost, and counted.
 */
import type { Id, SourceIdentity } from '@tributary/protocol/messages.ts';
import { attributesKeyOf } from './claims.ts';
import type { FileInputContext } from './context.ts';
import type { Copies } from './copies.ts';
import type { FolderIndex } from './folder-index.ts';
import { keyAt } from './folder-index.ts';
import { goneAfterMs } from './limits.ts';
import { pathOfHandle } from './linux.ts';
import { heldUntilMs, type Reader } from './reader.ts';
import type { Source } from './source.ts';
import { parseFileToken, withToken } from './token.ts';
import { TooManyRotatedError } from './troubles.ts';

export class Whereabouts {
  readonly #context: FileInputContext;
  readonly #reader: Reader;
  readonly #copies: Copies;
  readonly #onLeft: (source: Source) => void;
  readonly #bases: ReadonlySet<string>;
  /** Streams whose file is not found: since when, and the look that missed it first. */
  readonly #missed = new Map<Id, { readonly sinceMs: number; readonly index: FolderIndex }>();

  constructor(options: {
    context: FileInputContext;
    reader: Reader;
    copies: Copies;
    /** A file left its path; others may have been there since, and left it too. */
    onLeft: (source: Source) => void;
  }) {
    const { context, reader, copies, onLeft } = options;
    this.#context = context;
    this.#reader = reader;
    this.#copies = copies;
    this.#onLeft = onLeft;
    this.#bases = new Set(context.patterns.bases);
  }

  /** The source's file is not at its path any more. */
  async left(source: Source, index: FolderIndex): Promise<void> {
    const { table, events, sink, patterns } = this.#context;
    this.#onLeft(source);
    table.move(source, { identity: source.identity, place: 'moved' });
    const path = await this.#findNow(source, index);
    if (path === undefined && source.handle === undefined) {
      if (await this.isGone(source.cursor.streamId, source.identity, index)) await this.finish(source);
      else table.move(source, { identity: source.identity, place: 'parked' });
      return;
    }
    source.grewMs = this.#context.clock.monotonic();
    events.fileRotated(source.path, source.cursor.streamId);
    if (path !== undefined && patterns.matches(path)) await this.returned(source, path, index);
    else {
      table.move(source, { identity: withToken(source.identity, { at: path ?? '' }), place: 'moved' });
      sink.updateIdentity(source.cursor.streamId, source.identity);
      table.care.add(source);
      this.#reader.queue(source);
    }
  }

  /** The source's file is at a path that a glob matches. */
  async returned(source: Source, path: string, index: FolderIndex): Promise<void> {
    const { table, sink } = this.#context;
    this.#missed.delete(source.cursor.streamId);
    const there = table.byPath(path);
    if (there !== undefined && there !== source) await this.left(there, index);
    table.move(source, { identity: withToken({ ...source.identity, path }, { at: '' }), place: 'here' });
    sink.updateIdentity(source.cursor.streamId, source.identity);
    this.#reader.queue(source);
  }

  /** Looks whether a file that is open, and was renamed away or deleted, grew or is done with. */
  async checkMoved(source: Source): Promise<void> {
    const { table, sink } = this.#context;
    if (this.#reader.isBusyWith(source)) return;
    if (source.handle === undefined) {
      // It could not be opened where it was last: the scan looks for it.
      table.move(source, { identity: source.identity, place: 'parked' });
      return;
    }
    const stats = await source.handle.stat({ bigint: true });
    if (this.#reader.isBusyWith(source)) return;
    const hasChanged = source.hasChanged(stats);
    source.look(stats);
    if (hasChanged) {
      this.#reader.queue(source);
      return;
    }
    const quiet = this.#context.clock.monotonic() - source.grewMs >= this.#context.options.rotated_wait;
    if (!quiet || !source.atEnd || source.heldBytes > 0) return;
    if (sink.ackedTo(source.cursor.streamId) < source.cursor.position) return;
    if (stats.nlink === 0n) await this.finish(source);
    else await this.#park(source);
  }

  /** Looks whether a file that was read and closed grew, was renamed again, or is gone. */
  async checkParked(source: Source, index: FolderIndex): Promise<void> {
    const { table, patterns, sink } = this.#context;
    const path = await index.locate(source.identity, source.key);
    if (path === undefined) {
      if (await this.isGone(source.cursor.streamId, source.identity, index)) await this.finish(source);
      return;
    }
    this.#missed.delete(source.cursor.streamId);
    if (patterns.matches(path)) {
      await this.returned(source, path, index);
      return;
    }
    if (path !== parseFileToken(source.identity.token).at) {
      table.move(source, { identity: withToken(source.identity, { at: path }), place: 'parked' });
      sink.updateIdentity(source.cursor.streamId, source.identity);
    }
    const stats = await index.statsOf(path);
    if (stats === undefined) return;
    if (!source.hasChanged(stats) && !source.failed) {
      // It was closed to make room while its last line was held.
      const { clock, options } = this.#context;
      if (source.heldBytes > 0 && clock.monotonic() >= heldUntilMs(source, options)) this.#reader.queue(source);
      return;
    }
    source.look(stats);
    table.move(source, { identity: source.identity, place: 'moved' });
    source.grewMs = this.#context.clock.monotonic();
    this.#reader.queue(source);
  }

  /** Whether the file of a stream, which `index` does not find, is gone for good. */
  async isGone(streamId: Id, identity: SourceIdentity, index: FolderIndex): Promise<boolean> {
    if (!(await index.isGone(identity, this.#bases))) return false;
    const nowMs = this.#context.clock.monotonic();
    const first = this.#missed.getOrInsert(streamId, { sinceMs: nowMs, index });
    if (first.index === index || nowMs - first.sinceMs < goneAfterMs) return false;
    this.#missed.delete(streamId);
    return true;
  }

  /** Its file is gone: the stream goes on in what the file became, or ends. While the file is busy it waits for the next scan. */
  async finish(source: Source): Promise<void> {
    const { table, events, sink } = this.#context;
    if (source.reading || source.holds > 0) {
      table.move(source, { identity: source.identity, place: 'parked' });
      return;
    }
    const wasOpen = source.handle !== undefined;
    await this.drop(source);
    const { streamId, position } = source.cursor;
    // What was open is read to its end. Its other form matters only where it would be taken for a file of its own.
    const followed = await this.#copies.follow(
      { ...source.cursor, identity: source.identity },
      source.traits,
      wasOpen && source.atEnd,
    );
    const lost = followed === undefined ? source.endMax - position : 0;
    if (lost > 0) {
      events.fileReplaced(source.path, streamId, `the file is gone with ${lost} bytes that were not sent`);
      events.lost({ path: source.path, cause: 'file-gone', bytes: lost });
    } else events.fileFinished(source.path, streamId, position);
    if (followed === undefined) sink.endStream(streamId);
    else this.#reader.queue(followed);
  }

  /** Forgets a source, whatever becomes of its stream. */
  async drop(source: Source): Promise<void> {
    const { table, files, claims, claimant, troubles } = this.#context;
    this.#reader.forget(source);
    table.remove(source);
    await files.close(source);
    claims.releaseFile(claimant, source.key, attributesKeyOf(source.traits.attributes));
    troubles.forget(source.path);
  }

  /** Gives up the oldest handles beyond the limit. */
  async limitKept(): Promise<void> {
    const { table, options, troubles } = this.#context;
    if (table.away.size <= options.rotated_files_max) {
      troubles.clear(keptTrouble);
      return;
    }
    const kept = [...table.away]
      .filter((source) => source.handle !== undefined)
      .toSorted((left, right) => left.grewMs - right.grewMs);
    const tooMany = kept.length - options.rotated_files_max;
    if (tooMany <= 0) return;
    troubles.raise(
      keptTrouble,
      new TooManyRotatedError(`more than ${options.rotated_files_max} rotated files wait to be read or acknowledged`),
    );
    for (const source of kept.slice(0, tooMany)) {
      if (source.reading) continue;
      const stats = await source.handle?.stat({ bigint: true });
      if (stats !== undefined) source.look(stats);
      if (stats?.nlink === 0n) await this.finish(source);
      else await this.#park(source);
    }
  }

  async #park(source: Source): Promise<void> {
    const { table, files, events } = this.#context;
    this.#reader.forget(source);
    table.care.delete(source);
    table.move(source, { identity: source.identity, place: 'parked' });
    await files.close(source);
    if (source.atEnd) events.fileFinished(source.path, source.cursor.streamId, source.cursor.position);
  }

  /** Where the file is now: an open one knows by itself. */
  async #findNow(source: Source, index: FolderIndex): Promise<string | undefined> {
    const { handle } = source;
    if (handle === undefined) return index.locate(source.identity, source.key);
    const path = await pathOfHandle(handle);
    return path !== undefined && (await keyAt(path)) === source.key ? path : undefined;
  }
}

/** What the trouble with too many of them is told of. */
const keptTrouble = 'rotated files';
