/** What the main thread asks of the writer thread, and what that tells unasked. */
import type { AppendResult, StreamPosition } from '@tributary/protocol/session/server-effect.ts';
import type { DurabilityPragmas } from '@tributary/shared/sqlite/open-database.ts';
import type { ThreadCall } from '@tributary/shared/async/thread-call.ts';
import type { QueueLimits } from '../limits.ts';
import type { ArchiveObject, ArchivePlan, CommitResult, HeldBack, Lease, RecordedGap } from '../queue.ts';
import type { Sought } from '../seek.ts';
import type { AppendArgument, PublishArgument } from './append.ts';
import type { ReplayDeadArgument } from './dead-entries.ts';
import type {
  AcquireArgument,
  AttemptArgument,
  CommitArgument,
  EnsureGroupArgument,
  LeaseArgument,
  PlanArgument,
} from './groups.ts';
import type { PauseArgument, RemoveArgument, SeekArgument, SkipArgument } from './operators.ts';
import type { SiteAndHub, StoreIds } from './store.ts';
import type { CloseArgument, ForgetArgument, GapArgument, OpenStreamArgument } from './streams.ts';
import type { TopicLevel } from './topic-level.ts';

export interface OpenArgument {
  readonly nowMs: number;
  readonly folder: string;
  readonly limits: QueueLimits;
  readonly relaxed: boolean;
  readonly crashPoint: string | undefined;
  /** What the store is of where it is made anew; drawn without it. */
  readonly known?: SiteAndHub | undefined;
}

export interface Opened {
  readonly ids: StoreIds;
  readonly pragmas: DurabilityPragmas;
  readonly levels: StoreLevels;
}

/** Times come with the calls: the thread has no clock. Without `more` a tick or trim has done all there is to do now. */
export type WriterContract = {
  readonly open: { readonly argument: OpenArgument; readonly result: Opened };
  readonly openStream: { readonly argument: OpenStreamArgument; readonly result: StreamPosition };
  readonly closeStream: { readonly argument: CloseArgument; readonly result: undefined };
  readonly forgetStreams: { readonly argument: ForgetArgument; readonly result: number };
  readonly removeArchived: { readonly argument: { readonly names: readonly string[] }; readonly result: number };
  readonly recordGap: { readonly argument: GapArgument; readonly result: RecordedGap };
  readonly append: { readonly argument: AppendArgument; readonly result: AppendResult };
  readonly publish: { readonly argument: PublishArgument; readonly result: 'stored' | 'duplicate' | 'full' };
  readonly ensureGroup: { readonly argument: EnsureGroupArgument; readonly result: undefined };
  readonly acquire: { readonly argument: AcquireArgument; readonly result: Lease | undefined };
  readonly renew: { readonly argument: LeaseArgument; readonly result: Lease | undefined };
  readonly release: { readonly argument: Lease; readonly result: undefined };
  readonly attempt: { readonly argument: AttemptArgument; readonly result: number | 'fenced' };
  readonly commit: { readonly argument: CommitArgument; readonly result: CommitResult };
  readonly plan: { readonly argument: PlanArgument; readonly result: ArchivePlan | 'fenced' };
  readonly restoreArchived: {
    readonly argument: { readonly lease: Lease; readonly objects: readonly ArchiveObject[] };
    readonly result: 'done' | 'fenced';
  };
  readonly addArchived: { readonly argument: { readonly objects: readonly ArchiveObject[] }; readonly result: number };
  readonly pauseGroup: { readonly argument: PauseArgument; readonly result: undefined };
  readonly seekGroup: { readonly argument: SeekArgument; readonly result: Sought };
  readonly skipEntries: { readonly argument: SkipArgument; readonly result: number };
  readonly replayDeadEntry: { readonly argument: ReplayDeadArgument; readonly result: 'done' | 'gone' | 'full' };
  readonly dropDeadEntries: { readonly argument: { readonly numbers: readonly number[] }; readonly result: number };
  readonly removeGroup: { readonly argument: RemoveArgument; readonly result: undefined };
  readonly changeLimits: { readonly argument: Partial<QueueLimits>; readonly result: undefined };
  /** One step of trimming. */
  readonly trim: { readonly argument: { readonly nowMs: number }; readonly result: { readonly more: boolean } };
  /** Housekeeping: a step of trimming, giving room back to the file system, and the way out of a full disk. */
  readonly tick: { readonly argument: { readonly nowMs: number }; readonly result: { readonly more: boolean } };
};

export type WriterCall = ThreadCall<WriterContract>;

/** Sent after the commit that made it so, and before the answers of that commit. */
export interface StoreLevels {
  /** Topics that changed. */
  readonly topics: readonly TopicLevel[];
  readonly storeBytes: number;
  readonly noSpace: boolean;
  readonly reserveHeld: boolean;
  readonly identitiesChanged: boolean;
  /** Who was held back since the last time. */
  readonly heldBack: readonly HeldBack[];
}
