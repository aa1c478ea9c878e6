import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Id, Mark, SourceIdentity } from '@tributary/protocol/messages.ts';
import type { SourceStatus, StreamState } from '../input.ts';
import type { FileTraits } from './file-kind.ts';
import type { FileKey } from './identity.ts';
import type { InflatedFile } from './inflated-file.ts';
import { type Compression, currentPathOf, parseFileToken } from './token.ts';

/** How far a file was pushed. Replaced as a whole, so that a read under way can tell whether it is still wanted. */
export interface Cursor {
  readonly streamId: Id;
  readonly position: number;
  readonly mark: Mark;
}

/**
 * Where the file is:
 *
 *   here ──renamed to a name that no glob matches──► moved ──► parked (read, acknowledged, quiet: handle closed) ──grew──► moved
 *     └───deleted──► moved, with no name ──► finished
 *
 * `moved` keeps its handle open; `parked` is only looked at by the scan. A name that a glob matches brings it back to `here`.
 */
export type Place = 'here' | 'moved' | 'parked';

/** One file and the stream it is read into. */
export class Source {
  readonly key: FileKey;
  readonly traits: FileTraits;
  readonly compression: Compression | '';
  identity: SourceIdentity;
  cursor: Cursor;
  place: Place = 'here';
  handle: FileHandle | undefined;
  /** What a compressed file holds, while it is open. */
  inflated: InflatedFile | undefined = undefined;
  /** Set while opening: two tasks share one handle. */
  opening: Promise<FileHandle> | undefined = undefined;
  /** Bytes of the unfinished last record, as far as it was seen. */
  heldBytes = 0;
  /** When the file was last seen to grow, and last read, on the monotonic clock. */
  grewMs: number;
  usedMs: number;
  /** Modification time and size of the file at the last look, and the end of its content as it was last seen. */
  modifiedMs = -1;
  diskBytes = -1;
  size = 0;
  /** Size when the file was found. */
  sizeFound = 0;
  /** The greatest end of the content that was seen: what is lost when the file is gone. */
  endMax = 0;
  /** The same, as far as the file was seen afterwards to hold what was read of it: what is lost when it is cut and written anew. */
  endKnown = 0;
  /** The last turn came to the file's end. */
  atEnd = false;
  failed = false;
  /** The open file was seen to hold what was read of it. */
  verified = true;
  /** A turn is under way. */
  reading = false;
  /** Something may have changed while a turn was under way. */
  again = false;
  /** Others that work on the file: as long as there are some, no turn begins. */
  holds = 0;
  /** Its handle went stale and was opened anew: if that does not help, it is a trouble. */
  stale = false;
  /** Another path by which hints come: where a link leads. */
  linkTarget: string | undefined = undefined;

  constructor(options: { key: FileKey; traits: FileTraits; state: StreamState; nowMs: number }) {
    const { key, traits, state, nowMs } = options;
    this.key = key;
    this.traits = traits;
    this.identity = state.identity;
    this.compression = parseFileToken(state.identity.token).compression;
    this.cursor = { streamId: state.streamId, position: state.position, mark: state.mark };
    this.grewMs = nowMs;
    this.usedMs = nowMs;
  }

  /** The path a glob matched. */
  get path(): string {
    return this.identity.path;
  }

  /** The path the file has now, as far as it is known. */
  get currentPath(): string {
    return currentPathOf(this.identity);
  }

  /** End of what was read, the held record included. */
  get seenEnd(): number {
    return this.cursor.position + this.heldBytes;
  }

  /** Whether the file holds more or less than what was read of it, as far as its size tells. Of a compressed one any change counts. */
  hasChanged(stats: BigIntStats): boolean {
    const bytes = Number(stats.size);
    return this.compression === '' ? bytes + this.identity.base !== this.seenEnd : bytes !== this.diskBytes;
  }

  /** Takes the size down, for what may have to be counted as lost. */
  look(stats: BigIntStats): void {
    this.diskBytes = Number(stats.size);
    this.modifiedMs = Number(stats.mtimeMs);
    if (this.compression !== '') return;
    this.size = Math.max(this.diskBytes + this.identity.base, this.seenEnd);
    this.endMax = Math.max(this.endMax, this.size);
  }

  status(): SourceStatus {
    const { path, size, cursor } = this;
    const state = this.failed ? 'failed' : this.place === 'here' ? (this.atEnd ? 'waiting' : 'reading') : 'rotated';
    return { path, streamId: cursor.streamId, position: cursor.position, size: Math.max(size, this.seenEnd), state };
  }
}
