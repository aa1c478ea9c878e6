/** The calls of the archive's thread. Objects are written side by side under numbers that the caller gives. */
import type { HeldStream } from './held-ranges.ts';
import type { ManifestBasis } from './manifest.ts';
import type { WrittenFigures } from './object-writer.ts';
import type { ArchiveSpec } from './store/archive-spec.ts';

/** Given to the thread at its start. */
export interface ArchiveThreadData {
  readonly archive: ArchiveSpec;
  readonly crashPoint: string | undefined;
}

export interface ArchiveEntry {
  readonly sequence: number;
  readonly inflatedBytes: number;
  readonly body: Uint8Array;
}

export interface RejectedEntry {
  readonly sequence: number;
  readonly reason: string;
}

export type ArchiveContract = {
  readonly open: {
    readonly argument: {
      readonly id: number;
      readonly name: string;
      /** Left out. */
      readonly held: readonly HeldStream[];
      /** What is for others only is left out, too. */
      readonly output: string | undefined;
    };
    readonly result: undefined;
  };
  readonly add: {
    readonly argument: { readonly id: number; readonly entries: readonly ArchiveEntry[] };
    readonly result: readonly RejectedEntry[];
  };
  /** How many records of the blocks got no row. */
  readonly seal: { readonly argument: { readonly id: number }; readonly result: number };
  readonly finish: {
    readonly argument: { readonly id: number; readonly basis: ManifestBasis };
    readonly result: WrittenFigures | undefined;
  };
  /** SHA-256 of a file, in hexadecimal digits; undefined where there is none. */
  readonly checksum: {
    readonly argument: { readonly name: string };
    readonly result: string | undefined;
  };
  readonly abort: { readonly argument: { readonly id: number }; readonly result: undefined };
};
