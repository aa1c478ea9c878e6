/**
 * A kind of input that is built on files: `file` itself, `docker`, `kubernetes`. The file input finds files, follows them through every
 * rotation and reads them; the kind says what a path's records are.
 */
import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import type { Framer } from '../../framing/framer.ts';
import type { RecordFilter } from '../../framing/filters.ts';

/** What a file's records are, decided when it is found. A file that is renamed later stays what it was. */
export interface FileTraits {
  readonly attributes: StreamAttributes;
  readonly framer: Framer;
  readonly filter: RecordFilter | undefined;
}

export type FileDecision = FileTraits | 'not-read' | undefined;

export interface FileKind {
  /**
   * The same for the same path as long as the configuration, the container… is the same: a stream goes on only under equal attributes.
   * Undefined: it cannot be told now; the file is left alone and asked for again soon. `not-read`: it is none of this input's, whatever
   * its path. Give the same object for equal traits where that is easy: there may be tens of thousands of files.
   */
  traitsOf(path: string): FileDecision | Promise<FileDecision>;
}
