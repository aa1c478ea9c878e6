/** The calls of the archive's thread. Objects are written side by side under numbers that the caller gives. */
import type { HeldStream } from './held-ranges.ts';
import type { ManifestBasis } from './manifest.ts';
import type { ObjectFigures } from './object-writer.ts';

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
      readonly folder: string;
      readonly name: string;
      /** Left out. */
      readonly held: readonly HeldStream[];
    };
    readonly result: undefined;
  };
  readonly add: {
    readonly argument: { readonly id: number; readonly entries: readonly ArchiveEntry[] };
    readonly result: readonly RejectedEntry[];
  };
  readonly seal: { readonly argument: { readonly id: number }; readonly result: undefined };
  readonly finish: {
    readonly argument: { readonly id: number; readonly basis: ManifestBasis };
    readonly result: ObjectFigures | undefined;
  };
  /** SHA-256 of a file, in hexadecimal digits; undefined where there is none. */
  readonly checksum: {
    readonly argument: { readonly folder: string; readonly name: string };
    readonly result: string | undefined;
  };
  readonly abort: { readonly argument: { readonly id: number }; readonly result: undefined };
};
