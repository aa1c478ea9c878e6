/**
 * Finds what became of files that were rotated while no agent ran, or faster than anybody looks: the file of a known stream under another name, what it was copied
 * or compressed into, and files that were born and rotated away in between, which nobody ever looked at.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SourceIdentity } from '@tributary/protocol/messages.ts';
import type { StreamState } from '../input.ts';
import { attributesKeyOf } from './claims.ts';
import type { FileInputContext } from './context.ts';
import { discover } from './discovery.ts';
import { type FolderIndex, foldersNear } from './folder-index.ts';
import { keyOf, keyOfIdentity, reasonOf, verify } from './identity.ts';
import { openForReading } from './linux.ts';
import { mayFollow } from './rotated-names.ts';
import type { ScannerOptions } from './scanner.ts';
import { Source } from './source.ts';
import { parseFileToken, withToken } from './token.ts';
import { isFileError, isMissing } from './troubles.ts';

export class Recovery {
  readonly #options: ScannerOptions;
  readonly #context: FileInputContext;
  /** Paths whose file was rotated, and when that was written last: what is younger and not known was never seen. */
  readonly #rotated = new Map<string, bigint>();
  #recovered = 0;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#context = options.context;
  }

  /** Looks for the files of streams that were not found by a path: at `countMax` of them, in turn. */
  async recover(rest: readonly StreamState[], countMax: number, index: FolderIndex): Promise<void> {
    const count = Math.min(rest.length, countMax);
    if (this.#recovered >= rest.length) this.#recovered = 0;
    for (let at = 0; at < count; at += 1) {
      const state = rest[(this.#recovered + at) % rest.length];
      if (state !== undefined) await this.#recover(state, index);
    }
    this.#recovered += count;
    for (const [path, sinceNs] of this.#rotated) {
      if (await this.#readBetween(path, sinceNs)) this.#rotated.delete(path);
    }
  }

  /**
   * The file of a source, which had this identity, was rotated, or a stream goes on in what its file was copied or compressed into. What
   * was at its path since, and is there no more, is looked for at the next scan.
   */
  rotated(source: Source, before: SourceIdentity): void {
    this.#wasRotated(before, BigInt(Math.ceil(source.modifiedMs)) * 1_000_000n);
  }

  /** A file that had been rotated before does not tell what was at its path last. */
  #wasRotated({ path, token }: SourceIdentity, modifiedNs: bigint): void {
    if (parseFileToken(token).at !== '') return;
    const before = this.#rotated.get(path);
    if (before === undefined || modifiedNs > before) this.#rotated.set(path, modifiedNs);
  }

  /** Reads what was at a path, and was rotated away, since the file of its stream was written last. False: not all could be told yet. */
  async #readBetween(path: string, sinceNs: bigint): Promise<boolean> {
    let isDone = true;
    for (const folder of await foldersNear([path])) {
      for (const name of await readdir(folder).catch(() => [])) {
        const place = join(folder, name);
        const { patterns } = this.#context;
        if (!mayFollow(basename(path), name) || patterns.matches(place) || patterns.isExcluded(place)) continue;
        if (!(await this.#readIfYounger(place, path, sinceNs))) isDone = false;
      }
    }
    return isDone;
  }

  async #readIfYounger(place: string, origin: string, sinceNs: bigint): Promise<boolean> {
    const { known, copies, reader } = this.#options;
    try {
      const stats = await stat(place, { bigint: true });
      const key = keyOf(stats);
      if (!stats.isFile() || stats.mtimeNs <= sinceNs || this.#context.table.byKey(key) !== undefined) return true;
      if (copies.isCopy(key, stats) || known.at(key).length > 0) return true;
      const onFollowed = (source: Source): void => reader.queue(source);
      const options = { context: this.#context, known, copies, start: 'beginning', origin, onFollowed } as const;
      const discovery = await discover(place, options);
      if (discovery.kind === 'found') reader.queue(discovery.source);
      if (discovery.kind === 'undecided' && discovery.isSoon) this.#options.onUndecided();
      return discovery.kind !== 'undecided' || !discovery.isSoon;
    } catch (error) {
      if (!isFileError(error)) throw error;
      if (!isMissing(error)) this.#context.troubles.raise(place, error);
      return true;
    }
  }

  /** A stream whose file is not at its path any more: rotated or deleted while nobody looked. */
  async #recover(state: StreamState, index: FolderIndex): Promise<void> {
    const { patterns, troubles } = this.#context;
    const { identity, streamId } = state;
    const path = await index.locate(identity, keyOfIdentity(identity));
    // Where a glob matches, a look takes the stream as soon as the file can be opened.
    if (path !== undefined && patterns.matches(path)) return;
    try {
      if (path !== undefined) await this.#readRotated(state, path);
      else if (await this.#options.whereabouts.isGone(streamId, identity, index)) await this.#gone(state);
    } catch (error) {
      if (!isFileError(error)) throw error;
      if (!isMissing(error)) troubles.raise(path ?? identity.path, error);
    }
  }

  /** What became of the file holds the rest of its content, or that is lost. */
  async #gone(state: StreamState): Promise<void> {
    const { sink, events, kind } = this.#context;
    const { known, copies, reader } = this.#options;
    const { identity, streamId } = state;
    const traits = await kind.traitsOf(identity.path);
    known.settle([state]);
    const copy = typeof traits !== 'object' ? undefined : await copies.follow(state, { ...traits, attributes: state.attributes });
    if (copy === undefined) {
      events.fileReplaced(identity.path, streamId, 'the file is gone; what was not read of it is lost');
      sink.endStream(streamId);
    } else {
      this.rotated(copy, identity);
      reader.queue(copy);
    }
  }

  async #readRotated(state: StreamState, path: string): Promise<void> {
    const { table, files, claims, claimant, sink, events, clock, kind } = this.#context;
    const { known, copies, reader } = this.#options;
    const { streamId } = state;
    const key = keyOfIdentity(state.identity);
    const decided = await kind.traitsOf(state.identity.path);
    if (typeof decided !== 'object') return;
    // What was rotated away is read to its end as what it was, even if its path stands for something else by now.
    const traits = { ...decided, attributes: state.attributes };
    const handle = await openForReading(path);
    let isKept = false;
    try {
      const stats = await handle.stat({ bigint: true });
      if (keyOf(stats) !== key) return;
      const identity = withToken(state.identity, { at: path });
      const source = new Source({ key, traits, state: { ...state, identity }, nowMs: clock.monotonic() });
      // The reader looks whether a compressed file holds what was read of it.
      const verdict = source.compression === '' ? await verify(handle, state) : 'same';
      if (verdict !== 'same') {
        known.settle([state]);
        events.fileReplaced(state.identity.path, streamId, reasonOf(verdict));
        const copy = await copies.follow(state, traits);
        if (copy === undefined) sink.endStream(streamId);
        else {
          this.rotated(copy, state.identity);
          reader.queue(copy);
        }
        return;
      }
      const attributesKey = attributesKeyOf(traits.attributes);
      if (!claims.claimFile(claimant, key, attributesKey)) {
        // Where another input has the file just now, it is looked for again.
        if (table.byKey(key) !== undefined) known.settle([state]);
        return;
      }
      if (!claims.claimStream(claimant, streamId)) return claims.releaseFile(claimant, key, attributesKey);
      known.settle([state]);
      this.#wasRotated(state.identity, stats.mtimeNs);
      source.place = 'moved';
      source.verified = source.compression === '';
      source.look(stats);
      source.sizeFound = source.compression === '' ? source.size : Number.MAX_SAFE_INTEGER;
      isKept = true;
      table.add(source);
      table.care.add(source);
      await files.adopt(source, handle);
      sink.updateIdentity(streamId, source.identity);
      events.fileRotated(source.path, streamId);
      reader.queue(source);
    } finally {
      if (!isKept) await handle.close();
    }
  }
}
