/** The calls of the threads that make lines of blocks. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { IndexRules } from '../index-names.ts';

/** What decides how documents look and where they go. */
export interface LineRules extends IndexRules {
  /** Name of the output: documents that are for others are passed over. */
  readonly output: string;
  /** Keep the line as it came beside what a pipeline made of it. */
  readonly original: boolean;
}

/** Which sets of metrics have names of their own (../metric-sets.ts). */
export interface MetricSetRules {
  readonly known: readonly string[];
  /** Sets that are not known have none. */
  readonly isFull: boolean;
}

export interface LinesEntry {
  readonly sequence: number;
  readonly inflatedBytes: number;
  readonly body: Uint8Array;
}

/** A document that needs no server to be refused. */
export interface RefusedDocument {
  readonly document: number;
  readonly type: string;
  readonly reason: string;
}

/** The documents of some entries, each as two lines of a bulk request: what is to be done, and the document. */
export interface Lines {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each document's lines end. */
  readonly ends: Uint32Array<ArrayBuffer>;
  /** The indices that they go to. */
  readonly names: readonly string[];
  readonly refused: readonly RefusedDocument[];
  /** Documents that are for other outputs. */
  readonly passedOver: number;
  /** Documents whose time is too far from when they were received to name an index a day by it. */
  readonly wild: number;
  /** Sets of metrics that got a name of their own and are not known yet. */
  readonly newSets: readonly string[];
  /** Metrics whose set has no name of its own. */
  readonly otherSets: number;
  /** How many documents of the platform channel are of which kind (platform/dispatch); empty of other channels. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Some were made again of archived lines: under the names that they had, and may have been sent when their lines came. */
  readonly isRestored: boolean;
  /** Entries that cannot be read. */
  readonly rejected: readonly { readonly sequence: number; readonly reason: string }[];
}

export type BulkContract = {
  readonly lines: {
    readonly argument: {
      readonly channel: ChannelName;
      readonly rules: LineRules;
      /** Of the platform channel; without them each set has a name. */
      readonly metricSets?: MetricSetRules | undefined;
      readonly entries: readonly LinesEntry[];
    };
    readonly result: Lines;
  };
};
