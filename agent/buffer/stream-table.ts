/**
 * The streams of a buffer, in memory: all that are open, and those that ended and still have batches retained. What ended before is
 * remembered in the database only (sql/finished-rows.ts).
 */
import type { DatabaseSync } from 'node:sqlite';
import { assert } from '@tributary/shared/assert.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import type { StreamState } from '../inputs/input.ts';
import { IdIndex } from './id-index.ts';
import { readReplaced, readStreams } from './sql/stream-rows.ts';

export class StreamTable {
  readonly #byId = new Map<Id, StreamState>();
  readonly #byInode = new IdIndex();
  readonly #byFingerprint = new IdIndex();
  /** A replaced stream's runs that are under way belong to its replacement. */
  readonly #replacements = new Map<Id, Id>();
  /** Streams that another took the place of, in this run or before. */
  readonly #replaced = new Set<Id>();

  /** Everything from the database; called once. */
  load(db: DatabaseSync): void {
    for (const stream of readStreams(db)) this.put(stream);
    for (const streamId of readReplaced(db)) this.#replaced.add(streamId);
  }

  get(streamId: Id): StreamState | undefined {
    return this.#byId.get(streamId);
  }

  /** The stream as it is, or what took its place. */
  find(streamId: Id): StreamState | undefined {
    let id = streamId;
    for (let next = this.#replacements.get(id); next !== undefined; next = this.#replacements.get(id)) id = next;
    return this.#byId.get(id);
  }

  current(streamId: Id): StreamState {
    const stream = this.find(streamId);
    assert(stream !== undefined, 'a stream is opened before it is used');
    return stream;
  }

  all(): Iterable<StreamState> {
    return this.#byId.values();
  }

  get byId(): ReadonlyMap<Id, StreamState> {
    return this.#byId;
  }

  put(stream: StreamState): void {
    const { streamId, identity } = stream;
    const before = this.#byId.get(streamId)?.identity;
    this.#byId.set(streamId, stream);
    if (before?.inode !== identity.inode) {
      if (before !== undefined) this.#byInode.remove(before.inode, streamId);
      this.#byInode.add(identity.inode, streamId);
    }
    if (before?.fingerprint === identity.fingerprint) return;
    if (before !== undefined) this.#byFingerprint.remove(before.fingerprint, streamId);
    this.#byFingerprint.add(identity.fingerprint, streamId);
  }

  delete(streamId: Id): void {
    const stream = this.#byId.get(streamId);
    if (stream === undefined) return;
    this.#byId.delete(streamId);
    this.#byInode.remove(stream.identity.inode, streamId);
    this.#byFingerprint.remove(stream.identity.fingerprint, streamId);
  }

  replace(replaced: StreamState, replacement: StreamState): void {
    this.#replacements.set(replaced.streamId, replacement.streamId);
    this.#replaced.add(replaced.streamId);
    this.put(replacement);
    this.put({ ...replaced, ended: true });
  }

  isReplaced(streamId: Id): boolean {
    return this.#replaced.has(streamId);
  }

  /** Streams of this file that no other took the place of; the newest first. */
  ofFile(file: { readonly device: string; readonly inode: string }): StreamState[] {
    return this.#found(this.#byInode.get(file.inode)).filter(({ identity }) => identity.device === file.device);
  }

  ofFingerprint(fingerprint: string, fingerprintLength: number): StreamState[] {
    const found = this.#found(this.#byFingerprint.get(fingerprint));
    return found.filter(({ identity }) => identity.fingerprintLength === fingerprintLength);
  }

  #found(streamIds: readonly Id[]): StreamState[] {
    return streamIds.toReversed().flatMap((streamId) => {
      const stream = this.#byId.get(streamId);
      return stream === undefined || this.#replaced.has(streamId) ? [] : [stream];
    });
  }
}
