import type { Clock } from '@tributary/shared/clock.ts';
import type { InputEvents, Sink } from '../input.ts';
import type { Claimant, Claims } from './claims.ts';
import type { FileKind } from './file-kind.ts';
import type { FilePatterns } from './file-patterns.ts';
import type { FileKey } from './identity.ts';
import type { OpenFiles } from './open-files.ts';
import type { FilesOptions } from './options.ts';
import type { SourceTable } from './source-table.ts';
import type { Troubles } from './troubles.ts';

/** What the parts of one file input share. */
export interface FileInputContext {
  readonly options: FilesOptions;
  readonly kind: FileKind;
  readonly once: boolean;
  readonly sink: Sink;
  readonly events: InputEvents;
  readonly clock: Clock;
  readonly claims: Claims;
  readonly claimant: Claimant;
  readonly patterns: FilePatterns;
  readonly table: SourceTable;
  readonly files: OpenFiles;
  readonly troubles: Troubles;
  /** Files that are being identified. */
  readonly discovering: Map<FileKey, Promise<void>>;
}
