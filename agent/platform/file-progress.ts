/**
 * Since when files are behind, and when they were last read, from looks at them now and then: nothing is asked of the inputs for it. What is
 * not behind costs a number.
 */
import type { SourceStatus } from '../inputs/input.ts';
import { sizesSeenMax } from './limits.ts';

interface Seen {
  position: number;
  /** When it was seen to have moved; undefined: not since this agent started. */
  readMs: number | undefined;
  /** The source was at least so long at that time: ascending, only what is not read yet. */
  sizes: { readonly size: number; readonly atMs: number }[];
}

export class FileProgress {
  #seen = new Map<string, Seen>();

  /** Sources that are not among these are forgotten. */
  look(sources: readonly SourceStatus[], nowMs: number): void {
    const seen = new Map<string, Seen>();
    for (const source of sources) seen.set(source.streamId, this.#looked(source, nowMs));
    this.#seen = seen;
  }

  lastReadMs(streamId: string): number | undefined {
    return this.#seen.get(streamId)?.readMs;
  }

  /** How long the oldest of what is not read has been there, as far as it was seen; undefined: all is read. */
  behindMs(streamId: string, nowMs: number): number | undefined {
    const oldest = this.#seen.get(streamId)?.sizes[0];
    return oldest === undefined ? undefined : Math.max(0, nowMs - oldest.atMs);
  }

  #looked({ streamId, position, size }: SourceStatus, nowMs: number): Seen {
    const before = this.#seen.get(streamId) ?? { position, readMs: undefined, sizes: [] };
    if (before.position !== position) before.readMs = nowMs;
    before.position = position;
    before.sizes = before.sizes.filter((one) => one.size > position);
    const known = before.sizes.at(-1)?.size ?? position;
    if (size > known) before.sizes.push({ size, atMs: nowMs });
    // The first is when it fell behind, the last is how far: what is between them may become coarser.
    if (before.sizes.length > sizesSeenMax) before.sizes = before.sizes.filter((_, index) => index % 2 === 0);
    return before;
  }
}
