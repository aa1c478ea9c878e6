import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { InputEvents, Sink } from '../input.ts';
import type { Claimant, Claims } from './claims.ts';
import type { FilePatterns } from './file-patterns.ts';
import type { OpenFiles } from './open-files.ts';
import type { FileInputOptions } from './options.ts';
import type { SourceTable } from './source-table.ts';
import type { Troubles } from './troubles.ts';

/** What the parts of one file input share. */
export interface FileInputContext {
  readonly options: FileInputOptions;
  readonly attributes: StreamAttributes;
  readonly attributesKey: string;
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
}
