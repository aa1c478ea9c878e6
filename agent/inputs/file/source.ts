import type { FileHandle } from 'node:fs/promises';
import type { Id, Mark, SourceIdentity } from '@tributary/protocol/messages.ts';
import type { SourceStatus, StreamState } from '../input.ts';
import type { FileTraits } from './file-kind.ts';
import type { FileKey } from './identity.ts';

/** How far a file was pushed. Replaced as a whole, so that a read under way can tell whether it is still wanted. */
export interface Cursor {
  readonly streamId: Id;
  readonly position: number;
  readonly mark: Mark;
}

/**
 * Where the file is:
 *
 *   here ──renamed to a name that no glob matches──► moved ──► parked (read, quiet, handle closed) ──grew──► moved
 *     └───deleted──► moved, with no name ──► finished
 *
 * `moved` keeps its handle open; `parked` is only looked at by the scan. A name that a glob matches brings it back to `here`.
 */
export type Place = 'here' | 'moved' | 'parked';

/** One file and the stream it is read into. */
export class Source {
  readonly key: FileKey;
  readonly traits: FileTraits;
  identity: SourceIdentity;
  cursor: Cursor;
  place: Place = 'here';
  handle: FileHandle | undefined;
  /** Set while opening: two tasks share one handle. */
  opening: Promise<FileHandle> | undefined;
  /** Bytes of the unfinished last line, as far as it was seen. */
  heldBytes = 0;
  /** When the file was last seen to grow, on the monotonic clock. */
  grewMs: number;
  /** Modification time and size at the last look. */
  modifiedMs = -1;
  size = 0;
  /** Size when the file was found. */
  sizeFound = 0;
  /** The last turn came to the file's end. */
  atEnd = false;
  failed = false;
  /** The open file was seen to hold what was read of it. */
  verified = true;
  /** A turn is under way. */
  reading = false;
  /** Something may have changed while a turn was under way. */
  again = false;
  /** Another path by which hints come: where a link leads. */
  linkTarget: string | undefined;

  constructor(options: { key: FileKey; traits: FileTraits; state: StreamState; nowMs: number }) {
    const { key, traits, state, nowMs } = options;
    this.key = key;
    this.traits = traits;
    this.identity = state.identity;
    this.cursor = { streamId: state.streamId, position: state.position, mark: state.mark };
    this.grewMs = nowMs;
  }

  /** The path a glob matched. */
  get path(): string {
    return this.identity.path;
  }

  /** The path the file has now, as far as it is known. */
  get currentPath(): string {
    return this.identity.token === '' ? this.identity.path : this.identity.token;
  }

  /** End of what was read, the held line included. */
  get seenEnd(): number {
    return this.cursor.position + this.heldBytes;
  }

  status(): SourceStatus {
    const { path, size, cursor } = this;
    const state = this.failed ? 'failed' : this.place === 'here' ? (this.atEnd ? 'waiting' : 'reading') : 'rotated';
    return { path, streamId: cursor.streamId, position: cursor.position, size: Math.max(size, this.seenEnd), state };
  }
}
